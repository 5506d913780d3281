/**
 * What the five rule languages have in common.
 *
 * A parser turns one source file into records. A record is a byte string: the canonical form of one rule,
 * with what the rule is sorted by in front. Comments, white space and order that mean nothing to the engine
 * are gone from it; an exporter turns records back into files that the engine loads with the same effect.
 */

/** In the order in which their sections stand in a database. */
export const ruleKinds = ["clamav", "ioc", "sigma", "suricata", "yara"] as const;
export type RuleKind = (typeof ruleKinds)[number];

export function isRuleKind(value: unknown): value is RuleKind {
  return ruleKinds.includes(value as RuleKind);
}

/** One file of a ruleset. The path is relative, NFC, with forward slashes; it starts with the ruleset's name. */
export interface SourceFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Something to tell the author. Lines and columns count from 1; columns count UTF-16 units. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly severity: "error" | "warning";
  /** Upper case, kind first: `YARA_STRING_UNDEFINED`, `SURICATA_SID_MISSING`. */
  readonly code: string;
  readonly message: string;
}

/** Columns, not objects: a file may hold millions of indicators. `records[i]` starts at `lines[i]`. */
export interface ParsedFile {
  readonly path: string;
  readonly records: readonly string[];
  readonly lines: readonly number[];
  /** The last line of each record; absent where each stands on one line. */
  readonly ends?: readonly number[];
  /**
   * Of a file with errors, where rules do not have their lines for themselves: the places of what is sound in its text, from one UTF-16
   * offset to before another; a record that no text stands for is at 0 to 0.
   */
  readonly places?: {
    readonly imports: readonly (readonly [number, number])[];
    readonly records: readonly (readonly [number, number])[];
  };
  readonly findings: readonly Finding[];
}

/**
 * `sorted`: the records are in byte order and unique, order carries no meaning.
 * `sequence`: order carries meaning and is kept (YARA: rules of one file see the rules before them).
 */
export type SectionOrder = "sorted" | "sequence";

/** The records of one kind, ready for a database. */
export interface Section {
  readonly kind: RuleKind;
  readonly order: SectionOrder;
  readonly records: readonly string[];
}

/**
 * Which records of the sources a merged record is. Sources are counted through all files, in the order in which these were handed in. Record
 * `i` is the sources from `sources[starts[i]]` to before `sources[starts[i + 1]]`.
 */
export interface Origins {
  /** One more than there are records. */
  readonly starts: Int32Array;
  readonly sources: Int32Array;
}

/** The records of many files as one section, and what clashed. */
export interface Merged {
  readonly records: string[];
  readonly findings: Finding[];
  readonly origins: Origins;
}

/** A file that an engine loads. Paths are relative to the kind's export folder. */
export interface ExportedFile {
  readonly path: string;
  /** Pieces in order; together the file's bytes. Each may be overwritten when the next is asked for. */
  readonly chunks: Iterable<Uint8Array>;
}

/** What an export says of the release that it was made from. */
export interface ExportFacts {
  readonly feed: string;
  readonly release: number;
  readonly databaseSha256: string;
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly createdAt: string;
}

/** Takes records one by one, each with its line. */
export interface RecordSink {
  add(record: string, line: number): void;
  /** The bytes from `start` to `end`, which are copied. */
  addBytes(bytes: Uint8Array, start: number, end: number, line: number): void;
}

/** What the format of a database needs to know of a kind. */
export interface KindFacts {
  readonly order: SectionOrder;
  /** The id by which people call the rule (YARA name, Sigma UUID, `gid:sid`, signature name, the indicator), or undefined for records that are not rules. */
  ruleID(record: string): string | undefined;
  /** True when every record is a rule, so that nobody needs to make its id to count it. */
  readonly onlyRules?: true;
  /** Sorted kinds: the record prefixes under which a rule of this id is found. Sequence kinds: none, they have an id table. */
  idPrefixes(id: string): string[];
}

export interface RuleReferences {
  /** Of the rules that a source declares, also of those that gave no record. */
  declaredNames(bytes: Uint8Array): readonly string[];
  /** Records of one file that cannot stand without the rules of these names: by their places, each with the name of what it lacks. */
  dependants(records: readonly string[], names: Iterable<string>): ReadonlyMap<number, string>;
}

/** What a kind must offer. Every method is pure; none throws for what an author wrote: that is a finding. */
export interface RuleLanguage extends KindFacts {
  readonly kind: RuleKind;
  /** Whether a file of this name belongs to the kind; others (licences, read-me files) are left alone. */
  accepts(path: string): boolean;
  parse(file: SourceFile): ParsedFile;
  /**
   * Kinds in which every line is a rule of its own and equal records are one rule: a file may be parsed in parts that end with a line,
   * and `merge` is the union of sets. Parses as `parse` does, and hands the records to `sink`.
   */
  readLines?(file: SourceFile, sink: RecordSink): Finding[];
  /** Puts the files of all rulesets together: sorts, removes exact duplicates, reports ids that clash. */
  merge(files: readonly ParsedFile[]): Merged;
  /**
   * Sequences: what files stand in order of, from the first record of one. When no two files have the same, `merge` is their records in
   * that order.
   */
  sequenceKey?(firstRecord: string): string;
  /** Kinds whose rules name other rules of their file. */
  readonly references?: RuleReferences;
  /** `records` is one whole section, in order. */
  exportFiles(records: Iterable<string>): Iterable<ExportedFile>;
}
