/**
 * What comes together is done together, within this process: whoever comes while a batch is under way is in the next one. Where many wait, each
 * costs the share of a commit.
 */

interface Waiting {
  readonly item: unknown;
  readonly done: (result: unknown) => void;
  readonly failed: (error: unknown) => void;
}

interface Queue {
  readonly waiting: Waiting[];
  runs: boolean;
}

type Batch<T, R> = (items: readonly T[]) => Promise<readonly PromiseSettledResult<R>[]>;

const queues = new WeakMap<object, Map<string, Queue>>();
const batchMax = 256;

/**
 * What `batch` says of this item, in the order of the items. `owner` is what the names belong to, for example the records of one service.
 *
 * @throws what the item's result says, or what `batch` throws: then all of it failed
 */
export function together<T, R>(owner: object, name: string, item: T, batch: Batch<T, R>): Promise<R> {
  const names = queues.get(owner) ?? new Map<string, Queue>();
  queues.set(owner, names);
  const queue = names.get(name) ?? { waiting: [], runs: false };
  names.set(name, queue);
  return new Promise<R>((done, failed) => {
    queue.waiting.push({ item, done: done as Waiting["done"], failed });
    if (!queue.runs) void run(queue, batch as Batch<unknown, unknown>);
  });
}

async function run(queue: Queue, batch: Batch<unknown, unknown>): Promise<void> {
  queue.runs = true;
  while (queue.waiting.length > 0) {
    const some = queue.waiting.splice(0, batchMax);
    try {
      const results = await batch(some.map(({ item }) => item));
      for (const [i, { done, failed }] of some.entries()) {
        const result = results[i] as PromiseSettledResult<unknown>;
        if (result.status === "fulfilled") done(result.value);
        else failed(result.reason);
      }
    } catch (error) {
      for (const { failed } of some) failed(error);
    }
  }
  queue.runs = false;
}
