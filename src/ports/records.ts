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

/**
 * The service's small facts: submissions, approvals, releases, tokens, schedules. Documents are JSON, keyed by collection and
 * id, ordered by id in byte order. A commit is one transaction: all of it is durable when it returns, or none of it happened.
 *
 * @throws OperationError RECORD_CONFLICT when an expected version does not match; nothing was written.
 * @throws OperationError STORE_FULL, STORE_FAILED
 */
export interface Records {
  get<T>(collection: string, id: string): Promise<StoredRecord<T> | undefined>;
  /** Ascending by id; `after` is exclusive. */
  list<T>(
    collection: string,
    options?: { after?: string; prefix?: string; limit?: number; descending?: boolean },
  ): Promise<StoredRecord<T>[]>;
  commit(writes: readonly RecordWrite[]): Promise<void>;
  close(): Promise<void>;
}
