/**
 * Many callers, few flushes: whoever asks while one is under way shares the next, which begins after the call and so covers what was
 * written before it. A hundred files that arrive together in one folder cost two flushes of it.
 */
const running = new Map<unknown, Promise<void>>();
const following = new Map<unknown, Promise<void>>();

/** @param key what is flushed; always with the same `flush` */
export function flushShared(key: unknown, flush: () => Promise<void>): Promise<void> {
  const now = running.get(key);
  if (now === undefined) return begin(key, flush);
  const next = following.get(key) ?? now.catch(() => undefined).then(() => begin(key, flush));
  following.set(key, next);
  return next;
}

function begin(key: unknown, flush: () => Promise<void>): Promise<void> {
  following.delete(key);
  const flushed = flush().finally(() => {
    if (running.get(key) === flushed) running.delete(key);
  });
  running.set(key, flushed);
  return flushed;
}
