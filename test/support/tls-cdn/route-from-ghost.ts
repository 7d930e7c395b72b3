/** A public address, since Ghost refuses to fetch from private ones. It is never contacted: see below. */
const PUBLIC_ADDRESS = '13.32.0.1';

/**
 * Environment for Ghost's process in which `https://<hostname>` is the CDN on this machine, as it is for visitors by
 * Chromium's `--host-resolver-rules`: Ghost fetches the dimensions of its images from there.
 *
 * @param port where the CDN listens on 127.0.0.1
 * @param certificateFile the certificate that Ghost is to trust
 */
export function routeFromGhost(hostname: string, port: number, certificateFile: string): Record<string, string> {
  const hook = `
    import dns from 'node:dns';
    import net from 'node:net';
    const { lookup } = dns.promises;
    dns.promises.lookup = (name, ...rest) =>
      name === '${hostname}' ? Promise.resolve({ address: '${PUBLIC_ADDRESS}', family: 4 }) : lookup(name, ...rest);
    const { connect } = net.Socket.prototype;
    net.Socket.prototype.connect = function (...args) {
      const [options, ...rest] = args;
      return options?.host === '${hostname}' && Number(options.port) === 443
        ? connect.call(this, { ...options, host: '127.0.0.1', port: ${port} }, ...rest)
        : connect.apply(this, args);
    };`;
  return {
    NODE_EXTRA_CA_CERTS: certificateFile,
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hook)}`,
  };
}
