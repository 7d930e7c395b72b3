import type { Proxy } from './choice';

/** The statuses with which a proxy says that it got no answer. */
const GATEWAY_STATUSES = [502, 503, 504];

/**
 * Explains an answer that came from a proxy and not from the target.
 *
 * @param target host and port
 * @param isTunnel whether it is the answer to CONNECT, which comes from the proxy in any case
 * @returns undefined for an answer that is not from a proxy
 */
export function explainAnswer(
  { url, variable, shown }: Proxy,
  target: string,
  status: number,
  isTunnel = false,
): [message: string, help: string] | undefined {
  const host = target.replace(/:\d+$/, '');
  if (status === 407) {
    return [
      url.username
        ? `The proxy ${shown} refuses the user name and password (407).`
        : `The proxy ${shown} requires a user name and password (407).`,
      `Write them into ${variable}: http://USER:PASSWORD@HOST:PORT, with special characters percent-encoded.`,
    ];
  }
  if (!isTunnel && !GATEWAY_STATUSES.includes(status)) {
    return undefined;
  }
  return [
    isTunnel
      ? `The proxy ${shown} did not connect to ${target}: it answered ${status}.`
      : `The proxy ${shown}, or a server behind it, did not reach ${target}: it answered ${status}.`,
    `Allow ${host} in the proxy, and look at its log. If this machine can reach the host without it, add the host to NO_PROXY.`,
  ];
}
