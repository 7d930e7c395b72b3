/** Small, so that a caller that forgets the second page fails. */
const PAGE_SIZE = 2;

/**
 * Returns one page of a list.
 *
 * @param token from the page before, if any
 * @returns the items, and the token of the next page if there is one
 */
export function page<T>(items: T[], token?: string, size = PAGE_SIZE): { items: T[]; next?: string } {
  const start = Number(token ?? 0);
  const end = start + size;
  return { items: items.slice(start, end), next: end < items.length ? String(end) : undefined };
}
