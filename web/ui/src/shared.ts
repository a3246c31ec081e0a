/**
 * `next`, with every part that says the same as in `former` taken from there: what has not changed keeps its identity, and
 * React draws it no second time. Both are JSON.
 */
export function shared<T>(former: unknown, next: T): T {
  if (Object.is(former, next)) {
    return next;
  }
  if (Array.isArray(next) && Array.isArray(former)) {
    const items = next.map((item, index) => shared(former[index], item));
    return (alike(former, items) ? former : items) as T;
  }
  if (isRecord(next) && isRecord(former)) {
    const entries = Object.entries(next).map(([key, value]) => [key, shared(former[key], value)] as const);
    const same =
      entries.length === Object.keys(former).length && entries.every(([key, value]) => former[key] === value);
    return (same ? former : Object.fromEntries(entries)) as T;
  }
  return next;
}

function alike(former: readonly unknown[], items: readonly unknown[]): boolean {
  return former.length === items.length && items.every((item, index) => item === former[index]);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
