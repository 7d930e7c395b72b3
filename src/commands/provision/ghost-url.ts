import { Failure } from '../../shell/failure';
import { checked } from '../../template/checked-parameter';

/**
 * Returns the template parameters that `--ghost-url` or `--no-ghost` sets; none without both.
 *
 * @param domain of the images
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
      'Leave out --no-ghost to have Ghost create missing image sizes, or --ghost-url to serve only what is in the bucket.',
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
    throw new Failure(`--ghost-url is "${value}", which is not a valid URL.`, `Write the URL of the blog: ${example}`);
  }
  if (url.username || url.password) {
    throw new Failure('--ghost-url contains a user name or password.', `Write the URL without them: ${example}`);
  }
  if (url.protocol !== 'https:') {
    throw new Failure(
      `--ghost-url is "${value}", which is not HTTPS.`,
      `CloudFront connects to the blog over HTTPS only. Give the blog a certificate, and write its URL with https: ${example}`,
    );
  }
  if (/^\/ghost(\/|$)/.test(url.pathname)) {
    throw new Failure(
      `--ghost-url is "${value}", which is the URL of Ghost Admin.`,
      `Write the URL that visitors use, without /ghost: --ghost-url https://${url.hostname}`,
    );
  }
  if (url.port) {
    throw new Failure(
      `--ghost-url is "${value}", which has a port.`,
      'CloudFront connects to the blog on port 443. Write the URL that visitors use, without a port.',
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
