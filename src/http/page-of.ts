/**
 * A short list, whole unless the caller asks for pages: with `limit` the answer has so many items and, as `next`, where the following page
 * begins. `next` names the last item that was shown, so a list that grows meanwhile shows nothing twice.
 */
import { UsageError, quote } from "../core/errors.js";

interface PageQuery {
  readonly after?: string;
  readonly limit?: number;
}

/** @throws UsageError REQUEST_INVALID for an `after` that no page has given */
export function pageOf<T>(
  { query }: { readonly query: unknown },
  items: readonly T[],
  keyOf: (item: T, index: number) => string,
): { items: readonly T[]; next?: string | null } {
  const { after, limit } = query as PageQuery;
  const before = after === undefined ? -1 : items.findIndex((item, i) => keyOf(item, i) === after);
  if (after !== undefined && before === -1) {
    throw new UsageError("REQUEST_INVALID", `expected the next of a page before, got ${quote(after)}`);
  }
  const rest = items.slice(before + 1);
  if (limit === undefined) return { items: rest };
  const shown = rest.slice(0, limit);
  const at = before + shown.length;
  const last = items[at];
  return { items: shown, next: last === undefined || shown.length === rest.length ? null : keyOf(last, at) };
}

/** For what is only ever added to, at the end. */
export const place = (_: unknown, index: number): string => String(index + 1);
