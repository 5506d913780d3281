/** The facts about databases and packs that manifests, services and clients pass around. */
import type { ReleaseNumber, Sha256Hex } from "../brands.js";
import type { RuleKind, SectionOrder } from "../rules/model.js";

export interface SectionSummary {
  readonly kind: RuleKind;
  readonly order: SectionOrder;
  readonly records: number;
  /** Rules people can name; at most `records`. */
  readonly rules: number;
}

export interface DatabaseSummary {
  readonly sha256: Sha256Hex;
  readonly bytes: number;
  readonly sections: readonly SectionSummary[];
}

/** One entry of a manifest's target list. */
export interface PackFacts {
  /** TUF target path: `<feed>/<name>`. */
  readonly path: string;
  readonly kind: "full" | "delta";
  /** Release whose database the delta starts from; 0 for a full pack. */
  readonly from: number;
  readonly to: ReleaseNumber;
  readonly bytes: number;
  readonly sha256: Sha256Hex;
  /** Of the database that comes out. */
  readonly databaseSha256: Sha256Hex;
  readonly databaseBytes: number;
  readonly codec: string;
}

/** What became of a database that should be there. */
export type DatabaseDamage = "damaged" | "lost";

/** The cheapest way from the database in hand to the newest one. */
export interface PackPath {
  readonly packs: readonly PackFacts[];
  readonly bytes: number;
  /** One sentence for a person: what was chosen and what the alternative would have cost. */
  readonly reason: string;
  /** What was weighed, fewest bytes first. */
  readonly ways: readonly PackWay[];
}

/** The cheapest of the delta packs, the delta packs of every single release on the way, or a full pack. */
export interface PackWay {
  readonly way: "deltas" | "release by release" | "full";
  readonly packs: number;
  readonly bytes: number;
}
