/**
 * Records in PostgreSQL 15 or newer, for several processes on one database.
 *
 * The database may be restarted at any time. What cannot have happened is done again, for a while: reads, and commits
 * whose connection broke before they were sent off. Of one that broke in between, the database itself is asked: every
 * transaction leaves a mark. Whether a mark is there is asked by putting it there, which waits for a transaction that is
 * still under way. (The number of a transaction is no such mark: after a crash another one may get the same.)
 */
import { Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Records } from "../../ports/records.js";
import { KyselyRecords, type RecordsDatabase } from "./kysely-records.js";
import { isConnectionLost, postgresError } from "./postgres-errors.js";
import { openPostgresPool, type PostgresPool } from "./postgres-pool.js";
import { migratePostgres, requireSoundServer } from "./postgres-schema.js";
import { type Schema, schemaSteps, type SchemaStep } from "./schema.js";

export interface PostgresOptions {
  /** `postgresql://user:password@host/database`, as libpq has it; a secret. */
  readonly url: string;
  readonly connectionsMax?: number;
  /** All connections are opened now, and kept: for a service, whose first burst then waits for none. */
  readonly keepsConnections?: boolean;
  /** How long what cannot have happened is tried again while the database is away. */
  readonly patienceMs?: number;
  /** The history of the schema; another one only in tests. */
  readonly steps?: readonly SchemaStep[];
}

const defaults = { connectionsMax: 8, patienceMs: 15_000 };
const pauseMs = { first: 25, longest: 1_000 };

/**
 * Connects, checks the server, and brings the schema up to date.
 * @throws OperationError STORE_FULL, STORE_FAILED
 */
export async function openPostgresRecords(options: PostgresOptions): Promise<Records> {
  const { url, connectionsMax = defaults.connectionsMax, keepsConnections = false } = options;
  const pool = openPostgresPool(url, connectionsMax, keepsConnections);
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  const database = new PostgresDatabase(db, pool, options.patienceMs ?? defaults.patienceMs);
  try {
    await database.read("opening the database", requireSoundServer);
    await database.write("bringing the schema up to date", (transaction) =>
      migratePostgres(transaction, options.steps ?? schemaSteps),
    );
    await database.read("tidying up", removeOldMarks);
    if (keepsConnections) await pool.fill();
  } catch (error) {
    await database.close();
    throw error;
  }
  return new KyselyRecords(database);
}

class PostgresDatabase implements RecordsDatabase {
  readonly keepRows = "for share";
  readonly among = (ids: readonly string[]) => sql<boolean>`id = any(${[...ids]}::text[])`;
  readonly given = (texts: readonly string[]) => sql`unnest(${[...texts]}::text[]) as given(value)`;
  readonly #db: Kysely<Schema>;
  readonly #pool: PostgresPool;
  readonly #patienceMs: number;
  /** Marks of transactions whose end is known. */
  readonly #outdated: string[] = [];
  readonly #begun = new Set<Promise<unknown>>();
  #closing = false;

  constructor(db: Kysely<Schema>, pool: PostgresPool, patienceMs: number) {
    this.#db = db;
    this.#pool = pool;
    this.#patienceMs = patienceMs;
  }

  read<T>(doing: string, work: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.#patiently(doing, () => work(this.#db));
  }

  async write(doing: string, work: (transaction: Transaction<Schema>) => Promise<void>): Promise<void> {
    await this.#patiently(doing, async () => {
      const mark = randomUUID();
      const outdated = this.#outdated.splice(0, marksAtOnce);
      let marked = false;
      try {
        await this.#db.transaction().execute(async (transaction) => {
          await work(transaction);
          await putMark(transaction, mark, outdated);
          marked = true;
        });
      } catch (cause) {
        this.#outdated.push(...outdated);
        // Without its mark, COMMIT was not sent: nothing happened.
        if (!marked || !isConnectionLost(cause) || !(await this.#wasCommitted(doing, mark))) throw cause;
      }
      this.#outdated.push(mark);
    });
  }

  /** Of a transaction whose connection broke while it was being committed. */
  async #wasCommitted(doing: string, mark: string): Promise<boolean> {
    const put = await this.#patiently(doing, () => putMark(this.#db, mark, []));
    if (put) this.#outdated.push(mark);
    return !put;
  }

  #patiently<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const begun = this.#again(doing, work);
    const over = () => void this.#begun.delete(begun);
    this.#begun.add(begun);
    begun.then(over, over);
    return begun;
  }

  async #again<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const until = performance.now() + this.#patienceMs;
    for (let wait = pauseMs.first; ; wait = Math.min(wait * 2, pauseMs.longest)) {
      try {
        return await work();
      } catch (cause) {
        const isOver = this.#closing || performance.now() + wait > until;
        if (!isConnectionLost(cause) || isOver) throw postgresError(cause, doing);
        await pause(wait);
      }
    }
  }

  /** What was begun before is ended first, and not tried again. */
  async close(): Promise<void> {
    this.#closing = true;
    while (this.#begun.size > 0) await Promise.allSettled(this.#begun);
    await this.#db.destroy();
    await this.#pool.closed();
  }
}

/** The collection of the marks. */
export const commitMarks = "commits";
const marksAtOnce = 100;

/** Removes those that nobody will ask for. False when the mark was there. */
async function putMark(db: Kysely<Schema>, mark: string, outdated: readonly string[]): Promise<boolean> {
  const { numAffectedRows } = await sql`with gone as
    (delete from record where collection = ${commitMarks} and id = any(${[...outdated]}::text[]))
    insert into record (collection, id, version, body) values (${commitMarks}, ${mark}, 1, to_json(now())::text)
    on conflict do nothing`.execute(db);
  return numAffectedRows === 1n;
}

/** Of processes that were killed. */
async function removeOldMarks(db: Kysely<Schema>): Promise<void> {
  await sql`delete from record where collection = ${commitMarks}
    and body < to_json(now() - interval '1 day')::text`.execute(db);
}
