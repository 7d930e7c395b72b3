import net from 'node:net';
import { getProxyForUrl } from 'proxy-from-env';
import { ProxyError } from './error';

/** A proxy that the environment names. */
export interface Proxy {
  /** With its user name and password, where it has any. */
  url: URL;
  /** The environment variable that names it. */
  variable: string;
  /** How to show it: its variable, and its URL without user name and password. */
  shown: string;
}

/** The metadata services that give a machine, a container or a pod its role. */
const METADATA_SERVICES = ['169.254.169.254', '169.254.170.2', '169.254.170.23', 'fd00:ec2::254', 'fd00:ec2::23'];

const NEVER = listOf(['127.0.0.0/8', '::1/128', ...METADATA_SERVICES]);

const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443 };

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/**
 * Returns the proxy for a URL, as `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say in lower or upper case.
 *
 * As in curl, a domain in `NO_PROXY` covers its subdomains, and a network (`10.0.0.0/8`) covers its addresses.
 * This machine and the metadata services are never reached through a proxy.
 *
 * @returns undefined where no proxy is to be used
 * @throws ProxyError when the variable is not the URL of an HTTP proxy
 * @see https://everything.curl.dev/usingcurl/proxies/env.html
 */
export function proxyFor(target: string): Proxy | undefined {
  const { protocol, hostname, port } = new URL(target);
  const host = hostname.replace(/\.$/, '');
  const address = host.replace(/^\[|\]$/g, '');
  const isHere = address === 'localhost' || address.endsWith('.localhost') || contains(NEVER, address);
  if (isHere || isExempt(protocol, host, port) || contains(listOf(noProxy().split(/[\s,]+/)), address)) {
    return undefined;
  }
  const name = `${protocol.slice(0, -1)}_proxy`;
  const variable = [name, name.toUpperCase(), 'all_proxy', 'ALL_PROXY'].find((candidate) => process.env[candidate]);
  return variable ? parse(variable, process.env[variable] ?? '') : undefined;
}

/** Checks the host and each of its parent domains, with and without a leading dot, because the library compares whole names. */
function isExempt(protocol: string, host: string, port: string): boolean {
  const isAddress = host.startsWith('[') || net.isIP(host) !== 0;
  const labels = isAddress ? [host] : host.split('.');
  const names = labels.map((_, at) => labels.slice(at).join('.'));
  return names
    .flatMap((name) => (isAddress ? [name] : [name, `.${name}`]))
    .some((name) => getProxyForUrl(`${protocol}//${name}:${port || DEFAULT_PORTS[protocol]}`) === '');
}

const noProxy = () => process.env.no_proxy || process.env.NO_PROXY || '';

/** Returns the addresses and networks among names. */
function listOf(names: string[]): net.BlockList {
  const list = new net.BlockList();
  for (const name of names) {
    const [address = '', bits] = name.replace(/^\[|\]$/g, '').split('/');
    const version = net.isIP(address);
    const all = version === 6 ? 128 : 32;
    const length = bits === undefined ? all : Number(bits);
    if (version !== 0 && Number.isInteger(length) && length >= 0 && length <= all) {
      list.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4');
    }
  }
  return list;
}

const contains = (list: net.BlockList, address: string) =>
  net.isIP(address) !== 0 && list.check(address, net.isIPv6(address) ? 'ipv6' : 'ipv4');

function parse(variable: string, given: string): Proxy {
  const value = given.trim();
  const [scheme] = SCHEME.exec(value) ?? [];
  // A proxy without a scheme uses HTTP, whatever is requested through it.
  const text = scheme ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = /^https?:/i.test(text);
  if (
    url &&
    isHttp &&
    canDecode(url.username + url.password) &&
    isHost(url.hostname) &&
    !/@/.test(url.pathname + url.search + url.hash)
  ) {
    return { url, variable, shown: `${url.protocol}//${url.host} (${variable})` };
  }
  throw new ProxyError(
    isHttp
      ? `The environment variable ${variable} is "${withoutCredentials(value)}", which is not the URL of a proxy.`
      : `The environment variable ${variable} is "${withoutCredentials(value)}": ${scheme?.slice(0, -3)} proxies are not supported.`,
    `Write the URL of an HTTP proxy into ${variable}, such as http://proxy.example.com:3128 or ` +
      'http://USER:PASSWORD@proxy.example.com:3128 (special characters percent-encoded). Otherwise remove the variable, ' +
      'or add the hosts that need no proxy to NO_PROXY.',
  );
}

const isHost = (hostname: string) => /^[\w.-]+$|^\[[\da-f:.]+\]$/i.test(hostname);

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Hides everything that may be a user name or password, also where the value is not a URL. */
function withoutCredentials(value: string): string {
  const [scheme = ''] = SCHEME.exec(value) ?? [];
  const rest = value.slice(scheme.length);
  const isAuthenticated = rest.includes('@');
  const host = rest.slice(rest.lastIndexOf('@') + 1);
  const shown = host.replace(/:(?!\d{1,5}\/?$).*$/, ':…');
  return `${scheme}${isAuthenticated ? '…@' : ''}${shown}`;
}
