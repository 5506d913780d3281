/** Where the service's records are: a file in the data folder, or a PostgreSQL that several processes share. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { snapshotSQLite } from "../adapters/records/sqlite-snapshot.js";
import { openSQLiteRecords } from "../adapters/records/sqlite.js";
import type { Report } from "../cli/doors.js";
import { UsageError } from "../core/errors.js";
import type { Records } from "../ports/records.js";
import { Leadership } from "../services/leadership.js";
import { type Configuration, readConfiguration, readSecret } from "./configuration.js";
import { tellAccessLog } from "./tell-access-log.js";

export const recordsFile = "records.sqlite";

type Place = Pick<Configuration, "records">;

/** PostgreSQL's driver is loaded where it is configured. @throws OperationError STORE_FULL, STORE_FAILED */
export async function openRecords(
  folder: string,
  { records }: Place,
  { serves = false }: { readonly serves?: boolean } = {},
): Promise<Records> {
  if (records.kind === "sqlite") return openSQLiteRecords({ path: join(folder, recordsFile) });
  const url = readSecret(folder, records.url);
  const { openPostgresRecords } = await import("../adapters/records/postgres.js");
  return openPostgresRecords({ url, connectionsMax: records.connectionsMax, keepsConnections: serves });
}

/** Processes on one PostgreSQL agree who does what is due. A file has one process. */
export function openLeadership({ records: place }: Place, records: Records): Leadership | undefined {
  if (place.kind === "sqlite") return undefined;
  const name = `${hostname()}/${process.pid}/${randomUUID()}`;
  const monotonic = () => performance.now();
  return new Leadership({ records, name, monotonic, leaseMs: place.leaseSeconds * 1000 });
}

/** All records as they are at one instant, as a file of the embedded kind. @throws OperationError STORE_FULL, STORE_FAILED */
export async function snapshotRecords(folder: string, { records }: Place, into: string): Promise<void> {
  if (records.kind === "sqlite") return snapshotSQLite(join(folder, recordsFile), into);
  await (await openSQLiteRecords({ path: into })).close();
  const { copyFromPostgres } = await import("../adapters/records/postgres-copy.js");
  await copyFromPostgres(readSecret(folder, records.url), into);
}

/**
 * `rulemint records load`: the file of the data folder into the configured, empty PostgreSQL: after a restore, or to move there.
 * @throws UsageError USAGE; OperationError STORE_FULL, STORE_FAILED, RECORD_CONFLICT for a database that has records
 */
export async function loadRecords(data: string): Promise<Report> {
  const folder = resolve(data);
  const { records } = readConfiguration(folder);
  const path = join(folder, recordsFile);
  if (records.kind !== "postgres") {
    throw new UsageError("USAGE", "expected records of kind postgres in rulemint.yaml, got sqlite");
  }
  if (!existsSync(path)) throw new UsageError("USAGE", `expected ${recordsFile} in ${data}, found none`);
  const url = readSecret(folder, records.url);
  await tellAccessLog(folder, { operation: "records load", target: recordsFile });
  await (await openSQLiteRecords({ path })).close();
  const { openPostgresRecords } = await import("../adapters/records/postgres.js");
  const { copyIntoPostgres } = await import("../adapters/records/postgres-copy.js");
  await (await openPostgresRecords({ url })).close();
  const count = await copyIntoPostgres(path, url);
  const text = `Loaded ${count} records. The service works on PostgreSQL from its next start; ${recordsFile} is not read any more.`;
  return { ok: true, json: { records: count }, text };
}
