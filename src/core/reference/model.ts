/**
 * The second implementation of chapters 2 to 4 of docs/SPEC.md, written from the page and not from the first one: slow, plain, on one
 * thread. It exists so that a bug of either shows as a difference. It imports nothing of core but `encoding`, the limits and the errors;
 * a test holds that. What it cannot read it leaves out: then the databases differ, and nobody takes that for agreement.
 */

export const referenceKinds = ["clamav", "ioc", "sigma", "suricata", "yara"] as const;
export type ReferenceKind = (typeof referenceKinds)[number];

/** The path begins with the ruleset's name. */
export interface ReferenceFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A record, and the line of its file on which it starts. Records and lines are byte strings: one character a byte. */
export interface ReferenceRecord {
  readonly record: string;
  readonly line: number;
}

export interface Reading {
  readonly path: string;
  readonly records: readonly ReferenceRecord[];
  /** Lines at which something is wrong. */
  readonly errors: readonly SourceError[];
}

export interface SourceError {
  readonly line: number;
  readonly message: string;
}

export interface Joined {
  readonly records: readonly string[];
  /** What cannot stand side by side. */
  readonly conflicts: readonly { readonly path: string; readonly message: string }[];
}

export interface ReferenceLanguage {
  readonly order: "sorted" | "sequence";
  accepts(path: string): boolean;
  read(file: ReferenceFile): Reading;
  join(files: readonly Reading[]): Joined;
  /** Undefined for a record that people cannot name. */
  idOf(record: string): string | undefined;
}

/** Thrown within a parser, caught where the rule ends. */
export class NotARule extends Error {}

/** SPEC §3.1.2: sorted in byte order, each record once. */
export function sortedOnce(files: readonly Reading[]): string[] {
  const all = new Set<string>();
  for (const { records } of files) for (const { record } of records) all.add(record);
  return [...all].sort();
}
