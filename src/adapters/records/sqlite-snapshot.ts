/** A copy of a records file as it is at one instant, made while others write to it. */
import SQLite from "better-sqlite3";
import { OperationError, quote } from "../../core/errors.js";
import { storeError } from "../durable-files.js";

/**
 * Writes `into`, which must not exist, and checks what was written.
 * @throws OperationError STORE_FAILED, STORE_FULL
 */
export function snapshotSQLite(path: string, into: string): void {
  let database: SQLite.Database | undefined;
  let copy: SQLite.Database | undefined;
  try {
    database = new SQLite(path, { fileMustExist: true, timeout: 10_000 });
    database.prepare("vacuum into ?").run(into);
    copy = new SQLite(into, { readonly: true });
    const found = copy.pragma("integrity_check", { simple: true });
    if (found === "ok") return;
    throw new OperationError(
      "STORE_FAILED",
      `expected a sound copy of the records, got ${quote(String(found))}`,
    );
  } catch (cause) {
    if (cause instanceof SQLite.SqliteError && cause.code === "SQLITE_FULL") {
      throw new OperationError("STORE_FULL", "expected room for a copy of the records, got none", { cause });
    }
    throw storeError(cause, `copying ${quote(path)}`);
  } finally {
    copy?.close();
    database?.close();
  }
}
