/**
 * Records over a query builder, the same for every database.
 *
 * Every statement of a commit is a conditional write, never a read first, and they come in the order of their keys:
 * a commit cannot be refused because another process wrote in between, and two commits cannot wait for each other.
 */
import { type Kysely, type RawBuilder, sql, type Transaction } from "kysely";
import { OperationError, quote } from "../../core/errors.js";
import type { ListOptions, RecordCheck, Records, RecordWrite, StoredRecord } from "../../ports/records.js";
import type { Schema } from "./schema.js";
import { type RecordRow, SharedReads } from "./shared-reads.js";

/** One database: how work is run in it, and what its errors mean. */
export interface RecordsDatabase {
  read<T>(doing: string, work: (db: Kysely<Schema>) => Promise<T>): Promise<T>;
  /** All of it or nothing, durably. */
  write(doing: string, work: (transaction: Transaction<Schema>) => Promise<void>): Promise<void>;
  /** Behind a select whose rows must stay as they are until the end of the transaction. */
  readonly keepRows: string;
  /** Whether `id` is one of several. */
  readonly among: (ids: readonly string[]) => RawBuilder<boolean>;
  /** Several texts as a table `given` with the column `value`. */
  readonly given: (texts: readonly string[]) => RawBuilder<unknown>;
  close(): Promise<void>;
}

const rowsAtOnce = 1000;
type Write = RecordWrite;

export class KyselyRecords implements Records {
  readonly #database: RecordsDatabase;
  readonly #reads: SharedReads;

  constructor(database: RecordsDatabase) {
    this.#database = database;
    this.#reads = new SharedReads({
      byID: (collection, ids) =>
        database.read("reading records", (db) => selectSome(db, collection, ids, database)),
      byPrefix: (collection, prefixes) =>
        database.read("listing records", (db) => selectPrefixes(db, collection, prefixes, database)),
    });
  }

  async get<T>(collection: string, id: string): Promise<StoredRecord<T> | undefined> {
    if (!isStorable(id)) return undefined;
    const row = await this.#reads.get(collection, id);
    return row && stored(collection, row);
  }

  async list<T>(collection: string, options: ListOptions = {}): Promise<StoredRecord<T>[]> {
    const { prefix } = options;
    if (prefix !== undefined && !isStorable(prefix)) return [];
    const rows = await this.#listed(collection, options);
    return rows.map((row) => stored(collection, row));
  }

  #listed(collection: string, options: ListOptions): Promise<readonly RecordRow[]> {
    const { after, prefix, limit, descending = false } = options;
    const isWhole = after === undefined && limit === undefined && !descending;
    if (prefix && isWhole) return this.#reads.withPrefix(collection, prefix);
    const key = JSON.stringify([collection, after, prefix, limit, descending]);
    return this.#reads.list(key, () =>
      this.#database.read("listing records", (db) => selectList(db, collection, options)),
    );
  }

  async commit(writes: readonly RecordWrite[], checks: readonly RecordCheck[] = []): Promise<void> {
    const sorted = inOrder(writes);
    await this.#database.write("committing records", async (transaction) => {
      for (const run of runsOf(sorted)) {
        if (run.every(isNew)) await insertAll(transaction, run);
        else for (const write of run) await applyWrite(transaction, write);
      }
      // Last, when nobody else can write any more, or must wait for us.
      for (const check of checks) await this.#requireUnchanged(transaction, check);
    });
  }

  async #requireUnchanged(transaction: Transaction<Schema>, check: RecordCheck): Promise<void> {
    const { collection, id, version } = check;
    const { rows } = await sql`select 1 from record where collection = ${collection} and id = ${id}
      and version = ${version} ${sql.raw(this.#database.keepRows)}`.execute(transaction);
    if (rows.length !== 1) throw conflict(`version ${version} of`, check);
  }

  async close(): Promise<void> {
    await this.#reads.settled();
    await this.#database.close();
  }
}

/** PostgreSQL has no U+0000 in text, and UTF-8 no half of a surrogate pair: for all databases alike there is no such record. */
function isStorable(id: string): boolean {
  return !/[\0\p{Surrogate}]/u.test(id);
}

function stored<T>(collection: string, { id, version, body }: RecordRow): StoredRecord<T> {
  return { collection, id, version, body: JSON.parse(body) as T };
}

const columns = ["id", "version", "body"] as const;

async function selectSome(
  db: Kysely<Schema>,
  collection: string,
  ids: readonly string[],
  { among }: RecordsDatabase,
): Promise<Map<string, RecordRow>> {
  const query = db.selectFrom("record").select(columns).where("collection", "=", collection);
  const [only] = ids;
  const one = ids.length === 1 ? query.where("id", "=", only as string) : query.where(among(ids));
  return new Map((await one.execute()).map((row) => [row.id, row]));
}

/** Text is compared by its UTF-8 octets: every id with the prefix lies between it and this behind it. */
const lastCharacter = "\u{10ffff}";

async function selectPrefixes(
  db: Kysely<Schema>,
  collection: string,
  prefixes: readonly string[],
  { given }: RecordsDatabase,
): Promise<Map<string, RecordRow[]>> {
  const { rows } = await sql<RecordRow & { readonly value: string }>`
    select value, record.id, version, body from ${given(prefixes)}, record
    where collection = ${collection} and record.id >= value and record.id < value || ${lastCharacter}
    order by record.id`.execute(db);
  const found = new Map<string, RecordRow[]>();
  for (const { value, ...row } of rows) {
    const some = found.get(value) ?? [];
    some.push(row);
    found.set(value, some);
  }
  return found;
}

function selectList(
  db: Kysely<Schema>,
  collection: string,
  { after, prefix, limit, descending = false }: ListOptions,
): Promise<RecordRow[]> {
  let query = db
    .selectFrom("record")
    .select(columns)
    .where("collection", "=", collection)
    .orderBy("id", descending ? "desc" : "asc");
  // No id holds U+0000: whatever follows it decides nothing.
  const edge = after?.replace(/\0.*$/s, descending ? "\u0001" : "");
  if (edge !== undefined) query = query.where("id", descending ? "<" : ">", edge);
  if (prefix) query = query.where("id", ">=", prefix).where("id", "<", `${prefix}${lastCharacter}`);
  return (limit === undefined ? query : query.limit(limit)).execute();
}

function isNew({ expected, body }: Write): boolean {
  return expected === 0 && body !== null;
}

/** By key; what is done to one record keeps its order. */
function inOrder(writes: readonly Write[]): readonly Write[] {
  return [...writes].sort((a, b) => compare(a.collection, b.collection) || compare(a.id, b.id));
}

/** In the same order: new documents that follow each other go in together. */
function runsOf(writes: readonly Write[]): readonly (readonly Write[])[] {
  const runs: Write[][] = [];
  for (const write of writes) {
    const last = runs.at(-1);
    if (last !== undefined && isNew(write) && isNew(last[0] as Write)) last.push(write);
    else runs.push([write]);
  }
  return runs;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Those that were not there yet, in few statements: many small documents come at once. */
async function insertAll(transaction: Transaction<Schema>, writes: readonly Write[]): Promise<void> {
  for (let at = 0; at < writes.length; at += rowsAtOnce) {
    const some = writes.slice(at, at + rowsAtOnce);
    const values = some.map((write) => {
      const { collection, id, body } = write;
      if (!isStorable(id)) throw conflict("text in the id of", write);
      return { collection, id, version: 1, body: JSON.stringify(body) };
    });
    const { numInsertedOrUpdatedRows } = await transaction
      .insertInto("record")
      .values(values)
      .onConflict((one) => one.doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === BigInt(some.length)) continue;
    throw conflict("nothing yet at", some[0] as Write, some.length > 1 ? " or what comes with it" : "");
  }
}

async function applyWrite(transaction: Transaction<Schema>, write: Write): Promise<void> {
  const { collection, id, expected } = write;
  const done =
    write.body === null
      ? (
          await transaction
            .deleteFrom("record")
            .where("collection", "=", collection)
            .where("id", "=", id)
            .where("version", "=", expected)
            .executeTakeFirst()
        ).numDeletedRows
      : (
          await transaction
            .updateTable("record")
            .set({ version: expected + 1, body: JSON.stringify(write.body) })
            .where("collection", "=", collection)
            .where("id", "=", id)
            .where("version", "=", expected)
            .executeTakeFirst()
        ).numUpdatedRows;
  if (done !== 1n) throw conflict(`version ${expected} of`, write);
}

function conflict(
  expected: string,
  { collection, id }: Pick<Write, "collection" | "id">,
  more = "",
): OperationError {
  const named = quote(`${collection}/${id}`);
  return new OperationError("RECORD_CONFLICT", `expected ${expected} ${named}${more}, got another`);
}
