/** Writes a value as JSON that keeps dates. */
export const toWire = (value: unknown): string =>
  JSON.stringify(value, function (this: Record<string, unknown>, key: string, item: unknown) {
    const original = this[key];
    return original instanceof Date ? { $date: original.toISOString() } : item;
  });

/** Reads what `toWire` wrote. */
export const fromWire = (text: string): unknown =>
  JSON.parse(text, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && '$date' in item ? new Date(String(item.$date)) : item,
  );
