/**
 * A service whose work is done in full and kept by nobody: for dry runs. Checks, lint, numbers and refusals are the real ones, because the
 * code is. What is written is seen by the rest of the same work and gone with it; nothing is signed, published or woken.
 */
import { createRehearsedObjects } from "./rehearse-objects.js";
import { OperationError } from "../core/errors.js";
import type { ListOptions, RecordCheck, Records, RecordWrite, StoredRecord } from "../ports/records.js";
import type { ServiceContext } from "./context.js";

/** The access log is not part of it: that somebody rehearsed is written down for good. */
export function rehearse(context: ServiceContext): ServiceContext {
  const { databases, cache, tree, publisher, snapshot, timestamp } = context;
  const refused = () =>
    Promise.reject(new OperationError("INTERNAL", "expected a dry run to change nothing"));
  const { visits: _visits, postQuantum: _postQuantum, releaseLog: _log, ...rest } = context;
  const unable = { sign: refused };
  return {
    ...rest,
    records: new RehearsedRecords(context.records),
    objects: createRehearsedObjects(context),
    databases: { open: (sha256) => databases.open(sha256), put: refused },
    cache: { open: (key) => cache.open(key), put: async () => undefined },
    tree: {
      read: (path) => tree.read(path),
      open: (path) => tree.open(path),
      // A file with its digest in its name: nobody reads it back before a head names it.
      putImmutable: async () => undefined,
      swapHead: refused,
    },
    publisher: { ...publisher, ...unable },
    snapshot: { ...snapshot, ...unable },
    timestamp: { ...timestamp, ...unable },
    tsa: { stamp: refused },
    wake: () => undefined,
  };
}

class RehearsedRecords implements Records {
  readonly #real: Records;
  /** By collection and id; null is deleted. */
  readonly #written = new Map<string, Map<string, StoredRecord | null>>();

  constructor(real: Records) {
    this.#real = real;
  }

  async get<T>(collection: string, id: string): Promise<StoredRecord<T> | undefined> {
    const written = this.#written.get(collection)?.get(id);
    if (written !== undefined) return (written as StoredRecord<T> | null) ?? undefined;
    return this.#real.get<T>(collection, id);
  }

  async list<T>(collection: string, options: ListOptions = {}): Promise<StoredRecord<T>[]> {
    const written = this.#written.get(collection);
    if (written === undefined) return this.#real.list<T>(collection, options);
    const { limit = Number.POSITIVE_INFINITY, descending = false, after, prefix = "" } = options;
    const more = Number.isFinite(limit) ? { limit: limit + written.size } : {};
    const real = await this.#real.list<T>(collection, { ...options, ...more });
    const isAsked = (id: string) =>
      id.startsWith(prefix) && (after === undefined || (descending ? id < after : id > after));
    const all = [
      ...real.filter(({ id }) => !written.has(id)),
      ...written.values(),
    ] as (StoredRecord<T> | null)[];
    const found = all.filter((one) => one !== null).filter(({ id }) => isAsked(id));
    found.sort((a, b) => (a.id < b.id ? -1 : 1) * (descending ? -1 : 1));
    return found.slice(0, limit);
  }

  async commit(writes: readonly RecordWrite[], checks: readonly RecordCheck[] = []): Promise<void> {
    for (const { collection, id, expected } of writes) await this.#require(collection, id, expected);
    for (const { collection, id, version } of checks) await this.#require(collection, id, version);
    for (const { collection, id, expected, body } of writes) {
      const written = this.#written.get(collection) ?? new Map<string, StoredRecord | null>();
      this.#written.set(collection, written);
      // As it would come back: a copy, of JSON.
      const kept = body === null ? null : (JSON.parse(JSON.stringify(body)) as unknown);
      written.set(id, kept === null ? null : { collection, id, version: expected + 1, body: kept });
    }
  }

  async close(): Promise<void> {}

  async #require(collection: string, id: string, expected: number): Promise<void> {
    const version = (await this.get(collection, id))?.version ?? 0;
    if (version === expected) return;
    const name = `${collection}/${id}`;
    throw new OperationError("RECORD_CONFLICT", `expected version ${expected} of ${name}, got ${version}`);
  }
}
