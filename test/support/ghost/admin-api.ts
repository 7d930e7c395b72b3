/** The owner's account. Ghost refuses weak passwords, and those that resemble the site's name. */
export const OWNER = { name: 'Mary Shelley', email: 'mary@example.com', password: 'Villa.Diodati-1816' };

export interface UploadFile {
  name: string;
  bytes: Uint8Array;
  /** The media type a browser would send. */
  type: string;
}

export interface Post {
  id: string;
  url: string;
  slug: string;
  updated_at: string;
  feature_image: string | null;
  html: string;
  lexical: string;
}

/** Ghost's answer to a request that failed. */
export class AdminApiError extends Error {
  constructor(
    readonly request: string,
    readonly status: number,
    readonly body: string,
  ) {
    super(`${request} answered ${status}: ${body.slice(0, 2000)}`);
  }
}

/**
 * Ghost's Admin API as Ghost's admin uses it: with a session cookie, and the Origin header that Ghost requires with it.
 * https://docs.ghost.org/admin-api – every call rejects with an AdminApiError unless Ghost answers 2xx.
 */
export class AdminApi {
  private constructor(
    private readonly siteUrl: string,
    private cookie: string,
  ) {}

  /** Creates the owner of a new site, OWNER, and logs in. */
  static async setUp(siteUrl: string, title: string = 'Field Notes'): Promise<AdminApi> {
    const { name, email, password } = OWNER;
    const anonymous = new AdminApi(siteUrl, '');
    await anonymous.send('POST', 'authentication/setup/', { setup: [{ name, email, password, blogTitle: title }] });
    return AdminApi.signIn(siteUrl);
  }

  /** Logs in as OWNER. */
  static async signIn(siteUrl: string): Promise<AdminApi> {
    const admin = new AdminApi(siteUrl, '');
    const { headers } = await admin.fetch('POST', 'session/', { username: OWNER.email, password: OWNER.password });
    admin.cookie = headers
      .getSetCookie()
      .map((cookie) => cookie.split(';')[0])
      .join('; ');
    return admin;
  }

  /** Uploads an image, and returns its URL. */
  async uploadImage(file: UploadFile, purpose: 'image' | 'profile_image' | 'icon' = 'image'): Promise<string> {
    const { images } = await this.send('POST', 'images/upload/', form({ file, purpose, ref: file.name }));
    return images[0].url;
  }

  /** Uploads a video or an audio file. */
  async uploadMedia(file: UploadFile, thumbnail?: UploadFile): Promise<{ url: string; thumbnail_url: string | null }> {
    const { media } = await this.send('POST', 'media/upload/', form({ file, thumbnail, ref: file.name }));
    return media[0];
  }

  /**
   * Replaces the thumbnail of a video.
   *
   * @param mediaUrl the video's URL, as the API returned it
   * @returns the thumbnail's URL
   */
  async uploadThumbnail(file: UploadFile, mediaUrl: string): Promise<string> {
    const { media } = await this.send('PUT', 'media/thumbnail/upload/', form({ file, url: mediaUrl, ref: file.name }));
    return media[0].url;
  }

  /** Uploads a file, and returns its URL. */
  async uploadFile(file: UploadFile): Promise<string> {
    const { files } = await this.send('POST', 'files/upload/', form({ file, ref: file.name }));
    return files[0].url;
  }

  /** @param post the API's fields: `title`, `lexical` or `html`, `feature_image`, `status`… */
  async createPost(post: Record<string, unknown>): Promise<Post> {
    const source = 'html' in post ? '?source=html&formats=html,lexical' : '?formats=html,lexical';
    const { posts } = await this.send('POST', `posts/${source}`, { posts: [post] });
    return posts[0];
  }

  async publishPost({ id, updated_at }: Pick<Post, 'id' | 'updated_at'>): Promise<Post> {
    const posts = [{ status: 'published', updated_at }];
    return (await this.send('PUT', `posts/${id}/?formats=html,lexical`, { posts })).posts[0];
  }

  async readPost(id: string): Promise<Post> {
    return (await this.send('GET', `posts/${id}/?formats=html,lexical`)).posts[0];
  }

  async listPosts(): Promise<Post[]> {
    return (await this.send('GET', 'posts/?limit=100&formats=html,lexical')).posts;
  }

  /** @param settings keys and values, such as `{ icon: 'https://…' }` */
  async editSettings(settings: Record<string, unknown>): Promise<void> {
    const list = Object.entries(settings).map(([key, value]) => ({ key, value }));
    await this.send('PUT', 'settings/', { settings: list });
  }

  /** @param name `source` or `casper` */
  async activateTheme(name: string): Promise<void> {
    await this.send('PUT', `themes/${name}/activate/`);
  }

  /** Requests a bookmark card. Ghost downloads the page's icon and thumbnail. */
  async fetchBookmark(
    url: string,
  ): Promise<{ url: string; metadata: { title: string; icon: string; thumbnail: string } }> {
    return this.send('GET', `oembed/?${new URLSearchParams({ url, type: 'bookmark' }).toString()}`);
  }

  /** Starts the import of a Ghost export, `.json` or `.zip`, which continues after the answer. */
  async importContent(file: UploadFile): Promise<void> {
    await this.fetch('POST', 'db/', form({ importfile: file }));
  }

  /** Starts copying the files that posts show from other hosts, which continues after the answer. */
  async inlineExternalMedia(domains: string[]): Promise<void> {
    await this.fetch('POST', 'db/media/inline/', { domains });
  }

  /** Creates a custom integration, and returns its keys. */
  async createIntegration(name: string): Promise<{ content: string; admin: string }> {
    const { integrations } = await this.send('POST', 'integrations/?include=api_keys', { integrations: [{ name }] });
    const keys = integrations[0].api_keys as { type: 'content' | 'admin'; secret: string }[];
    const secret = (type: string) => keys.find((key) => key.type === type)?.secret ?? '';
    return { content: secret('content'), admin: secret('admin') };
  }

  private async send(method: string, path: string, body?: object) {
    return JSON.parse((await this.fetch(method, path, body)).text);
  }

  /** Reads the whole answer: at a login, Ghost sends the headers before it has stored the session. */
  private async fetch(method: string, path: string, body?: object): Promise<{ headers: Headers; text: string }> {
    const isForm = body instanceof FormData;
    const request = () =>
      fetch(`${this.siteUrl}/ghost/api/admin/${path}`, {
        method,
        headers: {
          origin: new URL(this.siteUrl).origin,
          cookie: this.cookie,
          ...(body && !isForm ? { 'content-type': 'application/json' } : {}),
        },
        body: body && !isForm ? JSON.stringify(body) : body,
      });
    const response = await request().catch((error: unknown) => {
      // Ghost closes a connection after 5 idle seconds, possibly just as it is used again.
      if (CLOSED.has(((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? '')) return request();
      throw error;
    });
    const text = await response.text();
    if (!response.ok) throw new AdminApiError(`${method} ${path}`, response.status, text);
    return { headers: response.headers, text };
  }
}

const CLOSED = new Set(['EPIPE', 'ECONNRESET', 'UND_ERR_SOCKET']);

function form(fields: Record<string, UploadFile | string | undefined>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') data.append(name, value);
    else if (value) data.append(name, new File([new Uint8Array(value.bytes)], value.name, { type: value.type }));
  }
  return data;
}
