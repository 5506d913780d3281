/** SPEC §2.3.4: the files of a source tree to the sections of a database. */
import { VerificationError, quote } from "../errors.js";
import type { ReferenceSection } from "./database.js";
import { referenceLanguages } from "./languages.js";
import { type Reading, type ReferenceFile, type ReferenceKind, referenceKinds } from "./model.js";

/** What of a revision determines records. */
export interface ReferenceRevision {
  readonly ruleset: string;
  readonly kind: ReferenceKind;
  readonly leaveOutInvalid: boolean;
  readonly leftOut: readonly { readonly path: string; readonly line: number }[];
  /** Under `<ruleset>/<path>`; files that are not of the kind may be among them. */
  readonly files: readonly ReferenceFile[];
}

/** @throws VerificationError RULES_INVALID, RULE_CONFLICT */
export function referenceSections(revisions: readonly ReferenceRevision[]): ReferenceSection[] {
  return referenceKinds.map((kind) => {
    const { order, join, idOf } = referenceLanguages[kind];
    const own = revisions.filter((revision) => revision.kind === kind);
    const files = own.flatMap(approvedFiles);
    files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    const { records, conflicts } = join(files);
    const tolerant = own.filter(({ leaveOutInvalid }) => leaveOutInvalid).map(({ ruleset }) => ruleset);
    const clash = conflicts.find(({ path }) => !tolerant.includes(path.split("/")[0] as string));
    if (clash !== undefined) {
      throw new VerificationError(
        "RULE_CONFLICT",
        `expected rules that can stand together, got ${quote(clash.path)}: ${clash.message}`,
      );
    }
    return { kind, order, records, idOf };
  });
}

function approvedFiles(revision: ReferenceRevision): Reading[] {
  const { accepts, read } = referenceLanguages[revision.kind];
  return revision.files
    .filter(({ path }) => accepts(path))
    .map((file) => {
      const reading = read(file);
      const [error] = reading.errors;
      if (error !== undefined && !revision.leaveOutInvalid) {
        throw new VerificationError(
          "RULES_INVALID",
          `expected rules without errors, got ${quote(`${file.path}:${error.line}: ${error.message}`)}`,
        );
      }
      return withoutLeftOut(reading, revision);
    });
}

/** SPEC §2.2.6: every rule that starts on such a line goes; a file without rules contributes nothing. */
function withoutLeftOut(reading: Reading, { ruleset, kind, leftOut }: ReferenceRevision): Reading {
  const { idOf } = referenceLanguages[kind];
  const lines = leftOut.filter(({ path }) => `${ruleset}/${path}` === reading.path).map(({ line }) => line);
  if (lines.length === 0) return reading;
  const isRule = ({ record }: { record: string }) => idOf(record) !== undefined;
  const records = reading.records.filter((one) => !(isRule(one) && lines.includes(one.line)));
  return { ...reading, records: records.some(isRule) ? records : [] };
}
