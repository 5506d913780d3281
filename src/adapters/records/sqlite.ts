/**
 * Records in one SQLite file: WAL with synchronous=FULL, so a commit is on the disk when it returns.
 *
 * Every statement of a commit is a conditional write, never a read first: the transaction takes the write
 * lock at once and cannot be refused later because another process wrote in between.
 */
import SQLite from "better-sqlite3";
import { dirname } from "node:path";
import { Kysely, SqliteDialect, type Transaction } from "kysely";
import { OperationError, RulemintError, quote } from "../../core/errors.js";
import type { RecordWrite, Records, StoredRecord } from "../../ports/records.js";
import { makeFolderDurably, syncFolder } from "../durable-files.js";
import { migrate, type Schema } from "./schema.js";

export interface SQLiteOptions {
  readonly path: string;
  /** How long to wait for another process's transaction. */
  readonly busyTimeoutMs?: number;
  /** What is deleted or replaced is overwritten in the file, for documents that somebody has a right to see erased. */
  readonly secureDelete?: boolean;
}

/**
 * Opens or creates the file and brings its schema up to date.
 * @throws OperationError STORE_FULL, STORE_FAILED
 */
export async function openSQLiteRecords(options: SQLiteOptions): Promise<Records> {
  await makeFolderDurably(dirname(options.path));
  let database: SQLite.Database | undefined;
  try {
    database = new SQLite(options.path, { timeout: options.busyTimeoutMs ?? 10_000 });
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = FULL");
    database.pragma("foreign_keys = ON");
    if (options.secureDelete === true) database.pragma("secure_delete = ON");
    migrate(database);
  } catch (cause) {
    database?.close();
    throw recordsError(cause, `opening ${quote(options.path)}`);
  }
  await syncFolder(dirname(options.path));
  return new SQLiteRecords(new Kysely<Schema>({ dialect: new SqliteDialect({ database }) }));
}

class SQLiteRecords implements Records {
  readonly #db: Kysely<Schema>;

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async get<T>(collection: string, id: string): Promise<StoredRecord<T> | undefined> {
    const row = await guarded("reading a record", () =>
      this.#db
        .selectFrom("record")
        .select(["version", "body"])
        .where("collection", "=", collection)
        .where("id", "=", id)
        .executeTakeFirst(),
    );
    return row && { collection, id, version: row.version, body: JSON.parse(row.body) as T };
  }

  async list<T>(
    collection: string,
    options: { after?: string; prefix?: string; limit?: number; descending?: boolean } = {},
  ): Promise<StoredRecord<T>[]> {
    const { after, prefix, limit, descending = false } = options;
    let query = this.#db
      .selectFrom("record")
      .select(["id", "version", "body"])
      .where("collection", "=", collection)
      .orderBy("id", descending ? "desc" : "asc");
    if (after !== undefined) query = query.where("id", descending ? "<" : ">", after);
    // SQLite compares text by its UTF-8 bytes: every id with the prefix lies between these two.
    if (prefix) query = query.where("id", ">=", prefix).where("id", "<", `${prefix}\u{10ffff}`);
    if (limit !== undefined) query = query.limit(limit);
    const rows = await guarded("listing records", () => query.execute());
    return rows.map((row) => ({
      collection,
      id: row.id,
      version: row.version,
      body: JSON.parse(row.body) as T,
    }));
  }

  async commit(writes: readonly RecordWrite[]): Promise<void> {
    await guarded("committing records", () =>
      this.#db.transaction().execute(async (transaction) => {
        const [one, ...more] = writes;
        const areNew =
          more.length > 0 && writes.every(({ expected, body }) => expected === 0 && body !== null);
        if (areNew && (await insertAll(transaction, writes)) === BigInt(writes.length)) return;
        if (areNew) {
          const named = quote(`${one?.collection}/${one?.id}`);
          throw new OperationError("RECORD_CONFLICT", `expected no ${named} or what comes with it, got one`);
        }
        for (const write of writes) {
          if ((await applyWrite(transaction, write)) === 1n) continue;
          throw new OperationError(
            "RECORD_CONFLICT",
            `expected version ${write.expected} of ${quote(`${write.collection}/${write.id}`)}, got another`,
          );
        }
      }),
    );
  }

  async close(): Promise<void> {
    await this.#db.destroy();
  }
}

const rowsAtOnce = 1000;

/** Those that were not there yet, in few statements: many small documents come at once. Gives how many were made. */
async function insertAll(transaction: Transaction<Schema>, writes: readonly RecordWrite[]): Promise<bigint> {
  let made = 0n;
  for (let at = 0; at < writes.length; at += rowsAtOnce) {
    const values = writes.slice(at, at + rowsAtOnce).map(({ collection, id, body }) => {
      return { collection, id, version: 1, body: JSON.stringify(body) };
    });
    const { numInsertedOrUpdatedRows } = await transaction
      .insertInto("record")
      .values(values)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    made += numInsertedOrUpdatedRows ?? 0n;
  }
  return made;
}

/** The number of records that were as expected: 1, or 0 for a conflict. */
async function applyWrite(transaction: Transaction<Schema>, write: RecordWrite): Promise<bigint> {
  const { collection, id, expected } = write;
  if (write.body === null) {
    const query = transaction.deleteFrom("record").where("collection", "=", collection).where("id", "=", id);
    const { numDeletedRows } = await query.where("version", "=", expected).executeTakeFirst();
    return numDeletedRows;
  }
  if (expected === 0) return insertAll(transaction, [write]);
  const body = JSON.stringify(write.body);
  const { numUpdatedRows } = await transaction
    .updateTable("record")
    .set({ version: expected + 1, body })
    .where("collection", "=", collection)
    .where("id", "=", id)
    .where("version", "=", expected)
    .executeTakeFirst();
  return numUpdatedRows;
}

async function guarded<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw recordsError(cause, doing);
  }
}

/** Only what SQLite reports is the world failing; anything else is a mistake of ours and passes through. */
function recordsError(cause: unknown, doing: string): unknown {
  if (cause instanceof RulemintError || !(cause instanceof SQLite.SqliteError)) return cause;
  const code = cause.code === "SQLITE_FULL" ? "STORE_FULL" : "STORE_FAILED";
  return new OperationError(code, `expected success in ${doing}, got ${cause.code}: ${cause.message}`, {
    cause,
  });
}
