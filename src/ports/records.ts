/** A stored document with the version that `commit` compares. Versions count from 1. */
export interface StoredRecord<T = unknown> {
  readonly collection: string;
  readonly id: string;
  readonly version: number;
  readonly body: T;
}

/** One change of a commit. `expected` is the version that must be there: 0 for "not yet". A body of null deletes. */
export interface RecordWrite {
  readonly collection: string;
  readonly id: string;
  readonly expected: number;
  readonly body: unknown;
}

/** What must be as it was read, for a commit to happen, without being written. */
export type RecordCheck = Pick<StoredRecord, "collection" | "id" | "version">;

export interface ListOptions {
  /** Exclusive. */
  readonly after?: string;
  readonly prefix?: string;
  readonly limit?: number;
  readonly descending?: boolean;
}

/**
 * The service's small facts: submissions, approvals, releases, tokens, schedules. Documents are JSON, keyed by collection and
 * id (without U+0000), ordered by id in byte order. A commit is one transaction: all of it is durable when it returns, or none of it
 * happened. Its order counts only for writes of the same record.
 *
 * @throws OperationError RECORD_CONFLICT when an expected version does not match, or a checked one; nothing was written.
 * @throws OperationError STORE_FULL, STORE_FAILED
 */
export interface Records {
  get<T>(collection: string, id: string): Promise<StoredRecord<T> | undefined>;
  /** Ascending by id. */
  list<T>(collection: string, options?: ListOptions): Promise<StoredRecord<T>[]>;
  commit(writes: readonly RecordWrite[], checks?: readonly RecordCheck[]): Promise<void>;
  close(): Promise<void>;
}
