import type { Page } from 'playwright-core';
import { OWNER } from './admin-api';

const UPLOAD_TIMEOUT_MS = 30_000;
const BODY = '[data-secondary-instance="false"] [data-kg="editor"] > [contenteditable="true"]';
const TITLE = '[data-test-editor-title-input]';

/** A writer's steps in Ghost's admin, with mouse and keyboard. */
export class Editor {
  private constructor(
    private readonly page: Page,
    private readonly siteUrl: string,
  ) {}

  /** Logs in as OWNER on the login page. */
  static async signIn(page: Page, siteUrl: string): Promise<Editor> {
    await page.goto(`${siteUrl}/ghost/#/signin`);
    await page.locator('input[name="identification"]').fill(OWNER.email);
    await page.locator('input[name="password"]').fill(OWNER.password);
    await page.locator('[data-test-button="sign-in"]').click();
    await page.waitForURL(({ hash }) => !hash.includes('signin'));
    return new Editor(page, siteUrl);
  }

  /** Opens an empty post and gives it a title. */
  async startPost(title: string): Promise<void> {
    await this.page.goto(`${this.siteUrl}/ghost/#/editor/post`);
    await this.page.locator(TITLE).fill(title);
  }

  /** Moves the cursor to the body, where the other methods continue. */
  async startBody(): Promise<void> {
    // The body is loaded later than the title, which would get the line break.
    await this.page.locator(BODY).waitFor();
    await this.page.locator(TITLE).press('Enter');
    await this.page.locator(`${BODY}:focus`).waitFor();
  }

  async write(text: string): Promise<void> {
    await this.page.keyboard.type(text);
    await this.page.keyboard.press('Enter');
  }

  /** @returns the `src` that the editor shows */
  async setFeatureImage(path: string): Promise<string> {
    await this.page.locator('[data-test-file-input="feature-image"] input').setInputFiles(path);
    return this.uploadedUrl('.gh-editor-feature-image img');
  }

  /** @returns the `src` that the editor shows */
  async addImage(path: string): Promise<string> {
    await this.addCard('Image', path);
    const url = await this.uploadedUrl('[data-kg-card="image"] img');
    await this.leaveCard();
    return url;
  }

  /** Writes the image's caption, and returns to the end of the body. */
  async captionImage(text: string): Promise<void> {
    await this.page.locator('[data-kg-card="image"] img').click();
    await this.page.locator('[data-kg-card="image"] figcaption [contenteditable="true"]').click();
    await this.page.keyboard.type(text);
    await this.page.locator(`${BODY} > p`).last().click();
  }

  /** @returns the thumbnail that the editor shows: Ghost's admin takes it from the video and uploads both */
  async addVideo(path: string): Promise<string> {
    await this.addCard('Video', path);
    const url = await this.uploadedUrl('[data-kg-card="video"] img');
    await this.leaveCard();
    return url;
  }

  async addFile(path: string): Promise<void> {
    const uploaded = this.page.waitForResponse((response) => response.url().includes('/ghost/api/admin/files/upload/'));
    await this.addCard('File', path);
    await uploaded;
    await this.page.locator('[data-kg-card="file"] [data-kg-file-card="fileTitle"]').waitFor();
    await this.leaveCard();
  }

  /**
   * Publishes now, to the site only, and waits for Ghost's confirmation.
   *
   * @returns the post's ID
   */
  async publish(): Promise<string> {
    // A second button is for narrow screens.
    await this.page.locator('[data-test-button="publish-flow"]').first().click();
    await this.page.locator('[data-test-button="continue"]').click();
    const published = this.page.waitForResponse(
      (response) =>
        response.request().method() === 'PUT' &&
        response.url().includes('/ghost/api/admin/posts/') &&
        /"status":"published"/.test(response.request().postData() ?? ''),
    );
    // The button never stops pulsing, so it is never "stable" as an ordinary click requires.
    await this.page.locator('[data-test-button="confirm-publish"]').click({ force: true });
    const { posts } = (await (await published).json()) as { posts: [{ id: string }] };
    return posts[0].id;
  }

  /** Types the card's name as a slash command, which opens the browser's file chooser at once. */
  private async addCard(name: 'Image' | 'Video' | 'File', path: string): Promise<void> {
    await this.page.keyboard.type(`/${name.toLowerCase()}`);
    // The menu filters after the typing; until then, Enter would select its first entry.
    await this.page.locator(`[data-kg-card-menu-item="${name}"][data-kg-cardmenu-selected="true"]`).waitFor();
    const [chooser] = await Promise.all([this.page.waitForEvent('filechooser'), this.page.keyboard.press('Enter')]);
    await chooser.setFiles(path);
  }

  /** While it uploads, the editor shows the image from memory (`blob:` or `data:`). */
  private async uploadedUrl(images: string): Promise<string> {
    const image = this.page.locator(`${images}[src^="http"]`).first();
    await image.waitFor({ timeout: UPLOAD_TIMEOUT_MS });
    return (await image.getAttribute('src')) ?? '';
  }

  /** A finished card is selected, and Enter adds a paragraph after it. */
  private async leaveCard(): Promise<void> {
    await this.page.keyboard.press('Enter');
  }
}
