/**
 * The schema of the records file and its history. A step is never edited once released, only followed by
 * another; a file that a newer program wrote is refused, not guessed at.
 */
import type SQLite from "better-sqlite3";
import { OperationError } from "../../core/errors.js";

export interface Schema {
  record: { collection: string; id: string; version: number; body: string };
}

/** Step i takes the schema from version i to i + 1. */
const steps: readonly string[] = [
  `create table record (
     collection text not null,
     id text not null,
     version integer not null check (version > 0),
     body text not null,
     primary key (collection, id)
   ) strict`,
];

/** All missing steps in one transaction. @throws OperationError STORE_FAILED for a schema from the future */
export function migrate(database: SQLite.Database): void {
  database
    .transaction(() => {
      database.exec("create table if not exists schema_version (version integer not null) strict");
      const row = database.prepare("select version from schema_version").get() as
        | { version: number }
        | undefined;
      const found = row?.version ?? 0;
      if (found > steps.length) {
        throw new OperationError(
          "STORE_FAILED",
          `expected records schema ${steps.length} or older, got ${found}: a newer program wrote this file`,
        );
      }
      for (const step of steps.slice(found)) database.exec(step);
      database.prepare("delete from schema_version").run();
      database.prepare("insert into schema_version (version) values (?)").run(steps.length);
    })
    .immediate();
}
