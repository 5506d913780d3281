/**
 * One indicator, asked of the database in use: a few blocks of it are read, each proven by the digest that the database is known by. What
 * is open stays what it is when an update puts another database in its place.
 */
import type { Sha256Hex } from "../core/brands.js";
import { byteString, utf8Bytes, utf8Text, byteStringBytes } from "../core/encoding/bytes.js";
import type { DigestFactory } from "../core/encoding/stream.js";
import { OperationError, UsageError, VerificationError, quote } from "../core/errors.js";
import { openDatabase } from "../core/format/database.js";
import { RecordFinder } from "../core/format/record-finder.js";
import { type Candidate, candidatesOf, type Relation } from "../core/rules/ioc/candidates.js";
import { IndicatorReader } from "../core/rules/ioc/indicator.js";
import { indicatorText } from "../core/rules/ioc/indicator-text.js";
import { type IndicatorType, indicatorType, listName, typeMark, typeOf } from "../core/rules/ioc/types.js";
import { kindFacts } from "../core/rules/kind-facts.js";
import type { EndpointDatabases, EndpointFiles } from "../ports/endpoint-store.js";
import type { OpenObject } from "../ports/object-store.js";
import { type Here, LocalLookup } from "./local-rules/local-lookup.js";
import type { InstalledRelease } from "./model.js";
import { readState } from "./state.js";

/** One listed indicator that answers. */
export interface LookupHit {
  /** The rule: by this id `rule explain` of the publisher tells files, lines, author and approvals. */
  readonly indicator: string;
  readonly relation: Relation;
  /** The exported list that has it, such as `domains.txt`, and its number among the records of its kind; null for an own one. */
  readonly list: string;
  readonly number: number | null;
  /** Whether this endpoint's engines get it. */
  readonly here: Here;
}

export interface LookupAnswer {
  /** In its canonical form. */
  readonly asked: string;
  readonly found: boolean;
  /** The owner's word that vouches for what was asked, listed or not. */
  readonly allowed: { readonly what: string; readonly reason?: string } | null;
  /** The nearest first; own ones behind the published. */
  readonly hits: readonly LookupHit[];
  readonly release: InstalledRelease;
  /** Regular expressions of host names are listed, and were not asked. */
  readonly patternsNotAsked: boolean;
}

/** Of the names, and their ports, that begin like the one asked for. */
const portsMax = 1024;

export class Lookup {
  readonly release: InstalledRelease;
  readonly #file: OpenObject;
  readonly #finder: RecordFinder | undefined;
  /** That are listed at all. */
  readonly #types: ReadonlySet<IndicatorType>;
  readonly #local: LocalLookup;

  private constructor(
    release: InstalledRelease,
    file: OpenObject,
    section: { readonly finder: RecordFinder | undefined; readonly types: ReadonlySet<IndicatorType> },
    local: LocalLookup,
  ) {
    this.release = release;
    this.#file = file;
    this.#finder = section.finder;
    this.#types = section.types;
    this.#local = local;
  }

  /** @throws UsageError USAGE before the first update; OperationError STATE_CORRUPT when the database is not the one that was proven */
  static async open(
    { files, databases }: { readonly files: EndpointFiles; readonly databases: EndpointDatabases },
    digest: DigestFactory,
  ): Promise<Lookup> {
    const file = await databases.open("database");
    if (file === undefined) {
      throw new UsageError("USAGE", "expected a database, got an endpoint before its first update");
    }
    try {
      const database = await openDatabase(file, kindFacts, digest);
      const release = await provenRelease(files, database.sha256);
      const section = database.section("ioc");
      const finder = section && new RecordFinder(section);
      const types = new Set<IndicatorType>();
      for (const type of Object.values(indicatorType)) {
        const first = await finder?.startingWith(typeMark(type), 1);
        if (first?.length === 1) types.add(type);
      }
      return new Lookup(release, file, { finder, types }, await LocalLookup.open(files, digest));
    } catch (error) {
      await file.close();
      throw damaged(error);
    }
  }

  /** A hash, an address, a network, a domain, a URL, with or without a port. @throws UsageError USAGE for what is none of them */
  async find(text: string): Promise<LookupAnswer> {
    const reader = new IndicatorReader();
    const record = reader.read(byteString(utf8Bytes(text.trim())));
    if (record === undefined) {
      const expected = `expected a hash, domain, IP address, network or URL, got ${quote(text)}`;
      throw new UsageError("USAGE", reader.problem?.message ?? expected);
    }
    const isThere = (type: IndicatorType) => this.#types.has(type) || this.#local.hasOwn(type);
    const candidates = candidatesOf(record, isThere);
    const listed = candidates.filter((one) => this.#types.has(typeOf(one.record)));
    const published = await this.#hitsOf(listed).catch((error: unknown) => {
      throw damaged(error);
    });
    const own = candidates.filter((one) => this.#local.isOwn(one));
    const hits = [
      ...published,
      ...own.map((one) => hitOf(one.record, one.relation, null, "exported" as const)),
    ];
    const word = this.#local.allowing(record);
    return {
      asked: textOf(record),
      found: hits.length > 0,
      allowed: word === undefined ? null : { what: word.what, ...(word.reason && { reason: word.reason }) },
      hits,
      release: this.release,
      patternsNotAsked: this.#types.has(indicatorType.pattern),
    };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #hitsOf(candidates: readonly Candidate[]): Promise<readonly LookupHit[]> {
    const finder = this.#finder;
    if (finder === undefined) return [];
    const numbers = await finder.findAll(candidates.map(({ record }) => record));
    const hits: LookupHit[] = [];
    for (const [i, { record, relation, anyPort }] of candidates.entries()) {
      const number = numbers[i];
      // Behind a name its names below may stand as well.
      const found = anyPort
        ? (await finder.startingWith(record, portsMax)).filter(
            (one) => one.record.length === record.length + 2,
          )
        : number === undefined
          ? []
          : [{ record, number }];
      for (const one of found) {
        hits.push(hitOf(one.record, relation, one.number, this.#local.here(one.record)));
      }
    }
    return hits;
  }
}

/** Bytes that were proven when they came, and are others now: the disk's fault, and the next update's work. */
function damaged(error: unknown): unknown {
  if (!(error instanceof VerificationError) || error.code !== "DATABASE_MALFORMED") return error;
  const message = `${error.message}: the next update repairs it`;
  return new OperationError("STATE_CORRUPT", message, { cause: error });
}

const textOf = (record: string): string => utf8Text(byteStringBytes(indicatorText(record)));

function hitOf(record: string, relation: Relation, number: number | null, here: Here): LookupHit {
  return { indicator: textOf(record), relation, list: listName(record), number, here };
}

/** No lock is taken: an update may be swapping databases just now, and says so before and after. */
async function provenRelease(files: EndpointFiles, sha256: Sha256Hex): Promise<InstalledRelease> {
  const { installed, swap } = await readState(files);
  const known = [installed, swap?.installed].find((one) => one?.databaseSha256 === sha256);
  if (known) return known;
  const expected = installed?.databaseSha256 ?? "a proven database";
  throw new OperationError(
    "STATE_CORRUPT",
    `expected ${expected}, got ${sha256}: the next update repairs it`,
  );
}
