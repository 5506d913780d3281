/**
 * The schema of the records and its one history, for every database that keeps them. A step is never edited once
 * released, only followed by another; a database that a newer program wrote is refused, not guessed at.
 */
import { OperationError } from "../../core/errors.js";

export interface Schema {
  record: { collection: string; id: string; version: number; body: string };
}

/** What the databases spell differently. Text is compared by its UTF-8 octets in all of them. */
export interface Dialect {
  readonly text: string;
  /** Behind the closing bracket of a table. */
  readonly table: string;
}

/** Step i takes the schema from version i to i + 1. */
export type SchemaStep = (dialect: Dialect) => string;

export const schemaSteps: readonly SchemaStep[] = [
  ({ text, table }) => `create table record (
     collection ${text} not null,
     id ${text} not null,
     version integer not null check (version > 0),
     body ${text} not null,
     primary key (collection, id)
   )${table}`,
];

/** What `record` consists of when all steps are done, by name. Held against the database after every opening. */
export const recordColumns: readonly string[] = ["body", "collection", "id", "version"];

export function versionTable({ table }: Dialect): string {
  return `create table if not exists schema_version (version integer not null)${table}`;
}

/** The steps that a database of this version has not had. @throws OperationError STORE_FAILED for a schema from the future */
export function missingSteps(found: number, steps: readonly SchemaStep[]): readonly SchemaStep[] {
  if (found <= steps.length) return steps.slice(found);
  throw new OperationError(
    "STORE_FAILED",
    `expected records schema ${steps.length} or older, got ${found}: a newer program wrote it`,
  );
}

/** @throws OperationError STORE_FAILED for a table that somebody has changed */
export function requireColumns(found: readonly string[]): void {
  const got = [...found].sort().join(", ");
  if (got === recordColumns.join(", ")) return;
  throw new OperationError(
    "STORE_FAILED",
    `expected the columns ${recordColumns.join(", ")} in the table record, got ${got || "none"}`,
  );
}
