/** The problem with a proxy, or with the variable that names it. */
export interface ProxyFailure {
  /** How to fix it. Only errors of a proxy have it. */
  proxyHelp: string;
}

/** An error of the proxy, and not of the service behind it. */
export class ProxyError extends Error implements ProxyFailure {
  override readonly name = 'ProxyError';

  /** @param code the network error, if any; clients use it to decide about another attempt */
  constructor(
    message: string,
    readonly proxyHelp: string,
    readonly code?: string,
  ) {
    super(message);
  }
}
