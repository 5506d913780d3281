/**
 * What is read in one turn of the event loop is read together: single documents of a collection are one statement, and the same list is asked
 * for once. Statements are sent when the turn is over, so whoever reads sees what was committed before it asked.
 */

export interface RecordRow {
  readonly id: string;
  readonly version: number;
  readonly body: string;
}

/** Those that there are, in any order. */
type ReadSome = (collection: string, ids: readonly string[]) => Promise<readonly RecordRow[]>;
type Rows = Promise<readonly RecordRow[]>;

interface Asked {
  readonly ids: Set<string>;
  readonly found: Promise<ReadonlyMap<string, RecordRow>>;
}

export class SharedReads {
  readonly #readSome: ReadSome;
  /** Of this turn, by collection. */
  readonly #asked = new Map<string, Asked>();
  readonly #lists = new Map<string, Rows>();
  #turn: Promise<void> | undefined;

  constructor(readSome: ReadSome) {
    this.#readSome = readSome;
  }

  async get(collection: string, id: string): Promise<RecordRow | undefined> {
    const asked = this.#asked.get(collection) ?? this.#ask(collection);
    asked.ids.add(id);
    return (await asked.found).get(id);
  }

  /** @param key says all of what `read` asks for */
  list(key: string, read: () => Rows): Rows {
    const asked = this.#lists.get(key) ?? this.#turnOver().then(read);
    this.#lists.set(key, asked);
    return asked;
  }

  /** What was asked for before is on its way. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  #ask(collection: string): Asked {
    const ids = new Set<string>();
    const rows = this.#turnOver().then(() => this.#readSome(collection, [...ids]));
    const asked = { ids, found: rows.then((some) => new Map(some.map((row) => [row.id, row]))) };
    this.#asked.set(collection, asked);
    return asked;
  }

  #turnOver(): Promise<void> {
    this.#turn ??= new Promise((over) => {
      setImmediate(() => {
        this.#asked.clear();
        this.#lists.clear();
        this.#turn = undefined;
        over();
      });
    });
    return this.#turn;
  }
}
