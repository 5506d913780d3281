/** The server and the schema as they must be before anything is kept there. */
import { type Kysely, sql, type Transaction } from "kysely";
import { OperationError } from "../../core/errors.js";
import { type Dialect, missingSteps, requireColumns, type SchemaStep, versionTable } from "./schema.js";
import type { Schema } from "./schema.js";

/** `C` compares octets, which in UTF-8 is the order of SQLite, whatever the locale of the database. */
const dialect: Dialect = { text: 'text collate "C"', table: "" };
const oldestVersion = 150_000;
/** One opening at a time brings the schema up to date. Any number that nobody else uses. */
const migrationLock = 7_285_636_411;

/** A commit must be on the disk when it is acknowledged. @throws OperationError STORE_FAILED */
export async function requireSoundServer(db: Kysely<Schema>): Promise<void> {
  const found = await sql<Record<"version" | "encoding" | "fsync" | "commit" | "readonly", string>>`select
    current_setting('server_version_num') as version, current_setting('server_encoding') as encoding,
    current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
    current_setting('default_transaction_read_only') as readonly`.execute(db);
  const { version, encoding, fsync, commit, readonly } = found.rows[0] as (typeof found.rows)[number];
  demand(Number(version) >= oldestVersion, "PostgreSQL 15 or newer", version);
  demand(encoding === "UTF8", "a database in UTF8", encoding);
  demand(fsync === "on", "fsync to be on", fsync);
  demand(commit !== "off", "synchronous_commit not to be off", commit);
  demand(readonly === "off", "a database that takes writes", "a read-only one");
}

function demand(holds: boolean, expected: string, got: string): void {
  if (!holds) throw new OperationError("STORE_FAILED", `expected ${expected}, got ${got}`);
}

/** All missing steps. @throws OperationError STORE_FAILED for a schema from the future, or one that somebody changed */
export async function migratePostgres(
  transaction: Transaction<Schema>,
  steps: readonly SchemaStep[],
): Promise<void> {
  const run = (text: string) => sql.raw(text).execute(transaction);
  await sql`select pg_advisory_xact_lock(${migrationLock})`.execute(transaction);
  await run(versionTable(dialect));
  const { rows } = await sql<{ version: number }>`select version from schema_version`.execute(transaction);
  const missing = missingSteps(rows[0]?.version ?? 0, steps);
  for (const step of missing) await run(step(dialect));
  if (missing.length > 0) {
    await run("delete from schema_version");
    await sql`insert into schema_version (version) values (${steps.length})`.execute(transaction);
  }
  const columns = await sql<{ name: string }>`select attname as name from pg_attribute
    where attrelid = 'record'::regclass and attnum > 0 and not attisdropped`.execute(transaction);
  requireColumns(columns.rows.map(({ name }) => name));
}
