/** The published rules of the database in use, for questions about ids and digests before the owner's word is written down. */
import type { DigestFactory } from "../../core/encoding/stream.js";
import { type Database, type SectionReader, openDatabase } from "../../core/format/database.js";
import { sectionRecords } from "../../core/format/section-records.js";
import { type RuleKind, ruleKinds } from "../../core/rules/model.js";
import { kindFacts } from "../../core/rules/kind-facts.js";
import type { EndpointDatabases } from "../../ports/endpoint-store.js";
import { keyOfID, keyOfRecord } from "./rule-names.js";

export class PublishedRules {
  readonly #database: Database | undefined;
  readonly #digest: DigestFactory;

  private constructor(database: Database | undefined, digest: DigestFactory) {
    this.#database = database;
    this.#digest = digest;
  }

  /** `isWhole`: whether the database's bytes were compared; without one there are no published rules yet. */
  static async with<T>(
    databases: EndpointDatabases,
    digest: DigestFactory,
    isWhole: boolean,
    work: (published: PublishedRules) => Promise<T>,
  ): Promise<T> {
    const file = isWhole ? await databases.open("database") : undefined;
    try {
      return await work(new PublishedRules(file && (await openDatabase(file, kindFacts, digest)), digest));
    } finally {
      await file?.close();
    }
  }

  get isKnown(): boolean {
    return this.#database !== undefined;
  }

  get digest(): DigestFactory {
    return this.#digest;
  }

  get kinds(): readonly RuleKind[] {
    return ruleKinds.filter((kind) => this.#database?.section(kind) !== undefined);
  }

  /** Every record of this id. */
  async recordsOf(kind: RuleKind, id: string): Promise<string[]> {
    const section = this.#database?.section(kind);
    const key = keyOfID(kind, id);
    if (section === undefined || key === undefined) return [];
    const found: string[] = [];
    for await (const { record } of section.rulesOf(id)) found.push(record);
    return found;
  }

  async all(kind: RuleKind): Promise<Iterable<string>> {
    const section = this.#database?.section(kind);
    return section === undefined ? [] : sectionRecords(section as SectionReader);
  }

  /** Of these own records, those whose id a published rule has and that are not that rule. */
  async takenBy(kind: RuleKind, own: readonly string[]): Promise<string[]> {
    const keys = new Set(own.map((record) => keyOfRecord(kind, record)).filter((key) => key !== undefined));
    const same = new Set(own);
    const taken = new Set<string>();
    for (const record of await this.all(kind)) {
      const key = keyOfRecord(kind, record);
      if (key !== undefined && keys.has(key) && !same.has(record)) taken.add(record);
    }
    return [...taken].map((record) => kindFacts(kind).ruleID(record) ?? "");
  }
}
