/**
 * The database store on the object store and the records: the bytes as pieces, a list of the pieces, and a record that finds
 * the list by the database's digest. The record is written last, so a database is there whole or not at all.
 */
import { type Sha256Hex, sha256Hex } from "../../core/brands.js";
import { utf8Bytes, utf8Text } from "../../core/encoding/bytes.js";
import { OperationError } from "../../core/errors.js";
import type { DatabaseSummary } from "../../core/format/model.js";
import type { BlockSink } from "../../core/format/outbox.js";
import type { DatabaseStore } from "../../ports/database-store.js";
import type { ObjectStore, OpenObject } from "../../ports/object-store.js";
import type { Records } from "../../ports/records.js";
import { PieceSink } from "./piece-sink.js";
import { DatabasePieces, type Piece } from "./pieces.js";

const collection = "stored-databases";

interface DatabaseRecord {
  /** Object that holds the list of the pieces. */
  readonly pieces: Sha256Hex;
}

export function databasesInObjects(objects: ObjectStore, records: Records): DatabaseStore {
  return new DatabasesInObjects(objects, records);
}

class DatabasesInObjects implements DatabaseStore {
  readonly #objects: ObjectStore;
  readonly #records: Records;

  constructor(objects: ObjectStore, records: Records) {
    this.#objects = objects;
    this.#records = records;
  }

  async put(
    write: (sink: BlockSink) => Promise<DatabaseSummary>,
    base?: Sha256Hex,
  ): Promise<DatabaseSummary> {
    const before = base === undefined ? undefined : await this.#open(base);
    try {
      const sink = new PieceSink(this.#objects, before);
      const summary = await write(sink);
      await this.#keep(summary.sha256, await sink.finish());
      return summary;
    } finally {
      await before?.close();
    }
  }

  open(sha256: Sha256Hex): Promise<OpenObject | undefined> {
    return this.#open(sha256);
  }

  async #keep(sha256: Sha256Hex, pieces: readonly Piece[]): Promise<void> {
    const list = await this.#objects.put([utf8Bytes(JSON.stringify({ schema: 1, pieces }))]);
    const before = await this.#records.get<DatabaseRecord>(collection, sha256);
    if (before?.body.pieces === list.sha256) return;
    const body: DatabaseRecord = { pieces: list.sha256 };
    await this.#records.commit([{ collection, id: sha256, expected: before?.version ?? 0, body }]);
  }

  async #open(sha256: Sha256Hex): Promise<DatabasePieces | undefined> {
    const found = await this.#records.get<DatabaseRecord>(collection, sha256);
    return found && new DatabasePieces(this.#objects, await this.#pieces(sha256Hex(found.body.pieces)));
  }

  async #pieces(list: Sha256Hex): Promise<readonly Piece[]> {
    const object = await this.#objects.open(list);
    if (object === undefined)
      throw new OperationError("STORE_FAILED", `expected object ${list} in the store, got none`);
    try {
      const text = utf8Text(await object.read(0, object.length));
      return (JSON.parse(text) as { pieces: readonly Piece[] }).pieces;
    } finally {
      await object.close();
    }
  }
}
