/**
 * Commits that come in one turn of the event loop share a transaction. Each is undone alone when it is refused, and none is acknowledged
 * before all of them are on the disk.
 */
import { type Kysely, sql, type Transaction } from "kysely";
import type { Schema } from "./schema.js";

type Work = (transaction: Transaction<Schema>) => Promise<void>;

interface Waiting {
  readonly work: Work;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class SharedCommits {
  readonly #db: Kysely<Schema>;
  readonly #flush: () => Promise<void>;
  #waiting: Waiting[] = [];
  #turn: Promise<void> = Promise.resolve();

  /** @param flush makes what has been committed durable */
  constructor(db: Kysely<Schema>, flush: () => Promise<void>) {
    this.#db = db;
    this.#flush = flush;
  }

  run(work: Work): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ work, done, failed });
      if (this.#waiting.length > 1) return;
      this.#turn = new Promise((over) => {
        setImmediate(() => void this.#commit(this.#waiting.splice(0)).finally(over));
      });
    });
  }

  /** What was asked for before is over. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const refused = new Map<Waiting, unknown>();
    try {
      await this.#db.transaction().execute(async (transaction) => {
        if (batch.length === 1) return (batch[0] as Waiting).work(transaction);
        for (const one of batch) {
          await sql`savepoint one`.execute(transaction);
          try {
            await one.work(transaction);
          } catch (error) {
            refused.set(one, error);
            await sql`rollback to one`.execute(transaction);
          }
          await sql`release one`.execute(transaction);
        }
      });
      await this.#flush();
      for (const one of batch) if (!refused.has(one)) one.done();
    } catch (error) {
      for (const one of batch) if (!refused.has(one)) one.failed(error);
    }
    for (const [one, error] of refused) one.failed(error);
  }
}
