/**
 * One at a time within this process: the second caller of a name waits for the first. Across processes, the
 * versions of the records decide.
 */

const turns = new WeakMap<object, Map<string, Promise<unknown>>>();

/** `owner` is what the names belong to, for example the records of one service. */
export function serially<T>(owner: object, name: string, work: () => Promise<T>): Promise<T> {
  const names = turns.get(owner) ?? new Map<string, Promise<unknown>>();
  turns.set(owner, names);
  const turn = (names.get(name) ?? Promise.resolve()).then(work, work);
  const settled = turn.then(
    () => undefined,
    () => undefined,
  );
  names.set(name, settled);
  return turn;
}
