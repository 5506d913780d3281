/** A revision made of the head's files and some changes: files that are new or other, and paths that go. */
import { PolicyError, quote, UsageError } from "../core/errors.js";
import type { FileFacts } from "../core/release/model.js";
import type { ServiceContext } from "./context.js";
import type { SubmissionRecord } from "./model.js";
import { SourcePaths } from "./source-paths.js";

/**
 * In order of path.
 * @throws PolicyError APPROVAL_STALE when there is no head yet; UsageError NOT_FOUND for a path that is not there; VerificationError PATH_UNSAFE
 */
export async function patchFiles(
  { records }: Pick<ServiceContext, "records">,
  base: string | null,
  changed: readonly FileFacts[],
  deletes: readonly string[],
): Promise<FileFacts[]> {
  const head = base === null ? undefined : await records.get<SubmissionRecord>("submissions", base);
  if (head === undefined) {
    throw new PolicyError("APPROVAL_STALE", "expected a ruleset with a head to change, got one without");
  }
  const files = new Map(head.body.files.map((file) => [file.path, file]));
  for (const path of deletes) {
    const gone = [...files.keys()].filter(
      (one) => one === path || one.startsWith(`${path.replace(/\/$/, "")}/`),
    );
    if (gone.length === 0)
      throw new UsageError("NOT_FOUND", `expected a file of the head, got ${quote(path)}`);
    for (const one of gone) files.delete(one);
  }
  for (const file of changed) files.set(file.path, file);
  const sorted = [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const paths = new SourcePaths();
  for (const { path } of sorted) paths.add(path);
  return sorted;
}
