/**
 * What is read in one turn of the event loop is read together: single documents of a collection are one statement, lists by prefix another,
 * and the same list is asked for once. Statements are sent when the turn is over, so whoever reads sees what was committed before it asked.
 */

export interface RecordRow {
  readonly id: string;
  readonly version: number;
  readonly body: string;
}

/** By the id that was asked for, or by the prefix. What there is none of has no entry. */
type Found<T> = ReadonlyMap<string, T>;
type Rows = readonly RecordRow[];

export interface ReadTogether {
  readonly byID: (collection: string, ids: readonly string[]) => Promise<Found<RecordRow>>;
  /** In the order of their ids. */
  readonly byPrefix: (collection: string, prefixes: readonly string[]) => Promise<Found<Rows>>;
}

interface Asked<T> {
  readonly keys: Set<string>;
  readonly found: Promise<Found<T>>;
}

export class SharedReads {
  readonly #read: ReadTogether;
  /** Of this turn, by collection. */
  readonly #rows = new Map<string, Asked<RecordRow>>();
  readonly #prefixes = new Map<string, Asked<Rows>>();
  readonly #lists = new Map<string, Promise<Rows>>();
  #turn: Promise<void> | undefined;

  constructor(read: ReadTogether) {
    this.#read = read;
  }

  get(collection: string, id: string): Promise<RecordRow | undefined> {
    return this.#ask(this.#rows, this.#read.byID, collection, id);
  }

  async withPrefix(collection: string, prefix: string): Promise<Rows> {
    return (await this.#ask(this.#prefixes, this.#read.byPrefix, collection, prefix)) ?? [];
  }

  /** @param key says all of what `read` asks for */
  list(key: string, read: () => Promise<Rows>): Promise<Rows> {
    const asked = this.#lists.get(key) ?? this.#turnOver().then(read);
    this.#lists.set(key, asked);
    return asked;
  }

  /** What was asked for before is on its way. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  async #ask<T>(
    turn: Map<string, Asked<T>>,
    read: (collection: string, keys: readonly string[]) => Promise<Found<T>>,
    collection: string,
    key: string,
  ): Promise<T | undefined> {
    let asked = turn.get(collection);
    if (asked === undefined) {
      const keys = new Set<string>();
      asked = { keys, found: this.#turnOver().then(() => read(collection, [...keys])) };
      turn.set(collection, asked);
    }
    asked.keys.add(key);
    return (await asked.found).get(key);
  }

  #turnOver(): Promise<void> {
    this.#turn ??= new Promise((over) => {
      setImmediate(() => {
        this.#rows.clear();
        this.#prefixes.clear();
        this.#lists.clear();
        this.#turn = undefined;
        over();
      });
    });
    return this.#turn;
  }
}
