import { asForeign } from './foreign-error';
import { explainProxy } from './proxies';

/** Returns the code of a network, DNS or TLS error, such as `ECONNREFUSED` or `CERT_HAS_EXPIRED`. */
export function networkCodeOf(error: unknown): string {
  // An AggregateError has one error for each address that was tried.
  const { code, message = '', errors = [] } = asForeign(error);
  const [ofProxy] = explainProxy(error) ?? [];
  return ofProxy?.replace(/\.$/, '') ?? code ?? (errors.length > 0 ? networkCodeOf(errors[0]) : message);
}
