/**
 * Records in one SQLite file, in WAL mode. SQLite flushes in this thread, and all others would wait; so it is told not to flush the log at
 * a commit (synchronous=NORMAL), and the commit is acknowledged when the log has been flushed beside it, together with others that came
 * meanwhile. What is read may be some milliseconds ahead of the disk, but nothing that is written after it can survive without it: the log
 * is one sequence. A transaction's first statement writes, so it takes the write lock at once.
 */
import SQLite from "better-sqlite3";
import { Kysely, sql, type SqliteDatabase, SqliteDialect, type SqliteStatement } from "kysely";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { OperationError, quote, RulemintError } from "../../core/errors.js";
import type { Records } from "../../ports/records.js";
import { makeFolderDurably, storeError, syncFolder } from "../durable-files.js";
import { flushShared } from "../shared-flush.js";
import { KyselyRecords } from "./kysely-records.js";
import { SharedCommits } from "./shared-commits.js";
import {
  type Dialect,
  missingSteps,
  requireColumns,
  type Schema,
  schemaSteps,
  type SchemaStep,
  versionTable,
} from "./schema.js";

export interface SQLiteOptions {
  readonly path: string;
  /** How long to wait for another process's transaction. */
  readonly busyTimeoutMs?: number;
  /** What is deleted or replaced is overwritten in the file, for documents that somebody has a right to see erased. */
  readonly secureDelete?: boolean;
  /** The history of the schema; another one only in tests. */
  readonly steps?: readonly SchemaStep[];
}

const dialect: Dialect = { text: "text", table: " strict" };

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
    database.pragma("synchronous = NORMAL");
    database.pragma("foreign_keys = ON");
    if (options.secureDelete === true) database.pragma("secure_delete = ON");
    migrate(database, options.steps ?? schemaSteps);
  } catch (cause) {
    database?.close();
    throw recordsError(cause, `opening ${quote(options.path)}`);
  }
  await syncFolder(dirname(options.path));
  const file = database;
  const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: rememberStatements(file) }) });
  const log = new LogFile(`${options.path}-wal`);
  const commits = new SharedCommits(db, () => log.flush());
  return new KyselyRecords({
    read: (doing, work) => guarded(doing, () => work(db)),
    write: (doing, work) => guarded(doing, () => commits.run(work)),
    keepRows: "",
    among: (ids) => sql<boolean>`id in (select value from json_each(${JSON.stringify(ids)}))`,
    given: (texts) => sql`json_each(${JSON.stringify(texts)}) as given`,
    close: async () => {
      await commits.settled();
      await db.destroy();
      // The builder closes what it has used: a file that was only opened would stay open.
      file.close();
      await log.close();
    },
  });
}

/** The write-ahead log, which stays the same file for as long as the database is open. */
class LogFile {
  readonly #path: string;
  #handle: Promise<FileHandle> | undefined;
  /** After a flush that failed nobody knows what of the log is on the disk, and a later one would not tell: no more commits. */
  #failure: unknown;

  constructor(path: string) {
    this.#path = path;
  }

  flush(): Promise<void> {
    return flushShared(this, async () => {
      if (this.#failure !== undefined) throw this.#failure;
      try {
        this.#handle ??= open(this.#path, "r");
        await (await this.#handle).datasync();
      } catch (cause) {
        this.#failure = storeError(cause, "flushing the records");
        throw this.#failure;
      }
    });
  }

  async close(): Promise<void> {
    await (await this.#handle)?.close();
  }
}

const statementsMax = 64;

/** What is asked again and again is prepared once. */
function rememberStatements(file: SQLite.Database): SqliteDatabase {
  const prepared = new Map<string, SQLite.Statement>();
  return {
    prepare: (text) => {
      const statement = prepared.get(text) ?? file.prepare(text);
      // Last used stands last.
      prepared.delete(text);
      prepared.set(text, statement);
      for (const oldest of prepared.keys()) if (prepared.size > statementsMax) prepared.delete(oldest);
      return statement as unknown as SqliteStatement;
    },
    close: () => void file.close(),
  };
}

/** All missing steps in one transaction. @throws OperationError STORE_FAILED for a schema from the future */
function migrate(database: SQLite.Database, steps: readonly SchemaStep[]): void {
  database
    .transaction(() => {
      database.exec(versionTable(dialect));
      const row = database.prepare("select version from schema_version").get() as
        | { version: number }
        | undefined;
      const missing = missingSteps(row?.version ?? 0, steps);
      for (const step of missing) database.exec(step(dialect));
      if (missing.length > 0) {
        database.prepare("delete from schema_version").run();
        database.prepare("insert into schema_version (version) values (?)").run(steps.length);
      }
      const columns = database.pragma("table_info(record)") as { name: string }[];
      requireColumns(columns.map(({ name }) => name));
    })
    .immediate();
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
