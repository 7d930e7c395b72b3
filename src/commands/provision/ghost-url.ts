import { Failure } from '../../shell/failure';
import { checked } from '../../template/checked-parameter';

/**
 * Returns the template parameters that `--ghost-url` or `--no-ghost` sets; none without both.
 *
 * @param domain domain of the images
 * @throws Failure with the option and a fix
 */
export function readGhost(
  { ghost, ghostUrl }: { ghost?: boolean; ghostUrl?: string },
  domain: string,
): Record<string, string> {
  if (ghost !== false) {
    return ghostUrl === undefined ? {} : readGhostUrl(ghostUrl, domain);
  }
  if (ghostUrl !== undefined) {
    throw new Failure(
      '--ghost-url and --no-ghost cannot be used together.',
      'Leave out --no-ghost if Ghost should create missing image sizes, or --ghost-url to serve only files from the bucket.',
    );
  }
  return { GhostHost: '', GhostPath: '', FallbackSecret: '' };
}

function readGhostUrl(value: string, domain: string): Record<string, string> {
  const example = '--ghost-url https://blog.example.com';
  const text = value.trim();
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
  } catch {
    throw new Failure(`--ghost-url is "${value}", which is not a valid URL.`, `Use the URL of the blog: ${example}`);
  }
  if (url.username || url.password) {
    throw new Failure('--ghost-url contains a user name or password.', `Use the URL without them: ${example}`);
  }
  if (url.protocol !== 'https:') {
    throw new Failure(
      `--ghost-url is "${value}", which is not HTTPS.`,
      `CloudFront connects to the blog only over HTTPS. Set up a certificate for the blog, and use its URL with https: ${example}`,
    );
  }
  if (/^\/ghost(\/|$)/.test(url.pathname)) {
    throw new Failure(
      `--ghost-url is "${value}", which is the URL of Ghost Admin.`,
      `Use the URL that visitors see, without /ghost: --ghost-url https://${url.hostname}`,
    );
  }
  if (url.port) {
    throw new Failure(
      `--ghost-url is "${value}", which has a port.`,
      'CloudFront connects to the blog on port 443. Use the URL that visitors see, without a port.',
    );
  }
  const host = checked('--ghost-url', 'GhostHost', url.hostname.replace(/\.$/, ''));
  if (host === domain) {
    throw new Failure(
      `--ghost-url is on ${domain}, which is the image domain.`,
      'The blog and its images need two domains, or CloudFront would request images from itself. Use, for example, blog.example.com and images.example.com.',
    );
  }
  return { GhostHost: host, GhostPath: checked('--ghost-url', 'GhostPath', url.pathname.replace(/\/+$/, '')) };
}
