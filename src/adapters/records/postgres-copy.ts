/**
 * Records between the two databases, versions included: to move, to save, to restore. Both have the newest schema. The
 * marks of commits that are under way stay where they are.
 */
import SQLite from "better-sqlite3";
import pg from "pg";
import { OperationError } from "../../core/errors.js";
import { storeError } from "../durable-files.js";
import { postgresError } from "./postgres-errors.js";
import { commitMarks } from "./postgres.js";

interface Row {
  readonly collection: string;
  readonly id: string;
  readonly version: number;
  readonly body: string;
}

const rowsAtOnce = 1000;

/** One instant of the database, into an empty file. @throws OperationError STORE_FULL, STORE_FAILED */
export function copyFromPostgres(url: string, path: string): Promise<number> {
  return between(url, path, "copying the records", async (client, file) => {
    await client.query("begin transaction isolation level repeatable read read only");
    const insert = file.prepare("insert into record values (@collection, @id, @version, @body)");
    const insertAll = file.transaction((rows: readonly Row[]) => {
      for (const row of rows) insert.run(row);
    });
    let count = 0;
    let last = { collection: "", id: "" };
    for (;;) {
      const { rows } = await client.query<Row>(
        `select collection, id, version, body from record where (collection, id) > ($1, $2) and collection <> $3
         order by collection, id limit ${rowsAtOnce}`,
        [last.collection, last.id, commitMarks],
      );
      insertAll(rows);
      count += rows.length;
      const end = rows.at(-1);
      if (end === undefined) break;
      last = end;
    }
    await client.query("commit");
    return count;
  });
}

/** All or nothing. @throws OperationError RECORD_CONFLICT for a database with records in it, STORE_FULL, STORE_FAILED */
export function copyIntoPostgres(path: string, url: string): Promise<number> {
  return between(url, path, "loading the records", async (client, file) => {
    await client.query("begin");
    await client.query("lock table record in exclusive mode");
    const there = await client.query("select 1 from record where collection <> $1 limit 1", [commitMarks]);
    if (there.rows.length > 0) {
      throw new OperationError("RECORD_CONFLICT", "expected a database without records, got some");
    }
    let count = 0;
    let rows: Row[] = [];
    const flush = async () => {
      const column = (name: keyof Row) => rows.map((row) => row[name]);
      await client.query(
        "insert into record select * from unnest($1::text[], $2::text[], $3::int[], $4::text[])",
        [...[column("collection"), column("id"), column("version"), column("body")]],
      );
      count += rows.length;
      rows = [];
    };
    const query = file.prepare("select collection, id, version, body from record where collection <> ?");
    for (const row of query.iterate(commitMarks) as Iterable<Row>) {
      rows.push(row);
      if (rows.length === rowsAtOnce) await flush();
    }
    await flush();
    await client.query("commit");
    return count;
  });
}

async function between<T>(
  url: string,
  path: string,
  doing: string,
  work: (client: pg.Client, file: SQLite.Database) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  let file: SQLite.Database | undefined;
  try {
    await client.connect();
    file = new SQLite(path, { fileMustExist: true });
    return await work(client, file);
  } catch (cause) {
    const error = postgresError(cause, doing);
    throw cause instanceof SQLite.SqliteError ? storeError(cause, doing) : error;
  } finally {
    file?.close();
    await client.end();
  }
}
