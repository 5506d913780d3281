/**
 * One indicator, asked of the database in use: a few blocks of it are read, each proven by the digest that the database is known by. What
 * is open stays what it is when an update puts another database in its place.
 */
import type { Sha256Hex } from "../core/brands.js";
import { byteString, utf8Bytes, utf8Text, byteStringBytes } from "../core/encoding/bytes.js";
import type { DigestFactory } from "../core/encoding/stream.js";
import { OperationError, UsageError, quote } from "../core/errors.js";
import { openDatabase } from "../core/format/database.js";
import { RecordFinder } from "../core/format/record-finder.js";
import { type Candidate, candidatesOf, type Relation } from "../core/rules/ioc/candidates.js";
import { IndicatorReader } from "../core/rules/ioc/indicator.js";
import { indicatorText } from "../core/rules/ioc/indicator-text.js";
import { indicatorType, listName, typeMark } from "../core/rules/ioc/types.js";
import { ruleLanguage } from "../core/rules/registry.js";
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
  readonly #hasPatterns: boolean;
  readonly #local: LocalLookup;

  private constructor(
    release: InstalledRelease,
    file: OpenObject,
    section: { readonly finder: RecordFinder | undefined; readonly hasPatterns: boolean },
    local: LocalLookup,
  ) {
    this.release = release;
    this.#file = file;
    this.#finder = section.finder;
    this.#hasPatterns = section.hasPatterns;
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
      const database = await openDatabase(file, ruleLanguage, digest);
      const release = await provenRelease(files, database.sha256);
      const section = database.section("ioc");
      const finder = section && new RecordFinder(section);
      const patterns = await finder?.startingWith(typeMark(indicatorType.pattern), 1);
      const hasPatterns = (patterns?.length ?? 0) > 0;
      return new Lookup(release, file, { finder, hasPatterns }, await LocalLookup.open(files, digest));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** A hash, an address, a network, a domain, a URL, with or without a port. @throws UsageError USAGE for what is none of them */
  async find(text: string): Promise<LookupAnswer> {
    const reader = new IndicatorReader();
    const record = reader.read(byteString(utf8Bytes(text.trim())));
    if (record === undefined) {
      const message = reader.problem?.message ?? `expected an indicator, got ${quote(text)}`;
      throw new UsageError("USAGE", message);
    }
    const candidates = candidatesOf(record);
    const published = (await Promise.all(candidates.map((one) => this.#hitsOf(one)))).flat();
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
      patternsNotAsked: this.#hasPatterns,
    };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #hitsOf({ record, relation, anyPort }: Candidate): Promise<readonly LookupHit[]> {
    if (this.#finder === undefined) return [];
    if (!anyPort) {
      const number = await this.#finder.find(record);
      return number === undefined ? [] : [hitOf(record, relation, number, this.#local.here(record))];
    }
    const found = await this.#finder.startingWith(record, portsMax);
    // Behind a name its names below may stand as well.
    const own = found.filter((one) => one.record.length === record.length + 2);
    return own.map((one) => hitOf(one.record, relation, one.number, this.#local.here(one.record)));
  }
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
