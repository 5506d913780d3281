/** The sources in a bundle: the list that the manifest names, and every file that the list names. Compiling them is another step. */
import { VerificationError, quote } from "../../core/errors.js";
import type { ReleaseSources } from "../../core/release/model.js";
import { verifySources } from "../../core/release/rebuild.js";
import { parseSources } from "../../core/release/sources.js";
import type { ProvenRelease } from "../../core/trust/model.js";
import type { SourceArchive } from "../../ports/source-archive.js";
import type { AuditLog } from "../report.js";
import { bundlePaths } from "./layout.js";
import type { Bundle } from "./open.js";
import { bundledSources, sourceMembers } from "./sources.js";

export interface BundledSources {
  readonly sources: ReleaseSources;
  readonly archive: SourceArchive;
}

const listBytesMax = 64 * 1024 * 1024;

/** Undefined for a bundle that was exported without sources. */
export async function auditSources(
  log: AuditLog,
  bundle: Bundle,
  { manifest }: ProvenRelease,
): Promise<BundledSources | undefined> {
  if (!bundle.has(bundlePaths.sourceList)) return undefined;
  return log.step("The sources are the reviewed ones", "SPEC §2.3, §14.3", async () => {
    const list = await bundle.read(bundlePaths.sourceList, listBytesMax);
    const sources = parseSources(list);
    await verifySources(sources, manifest.block);
    const members = sourceMembers(sources);
    for (const { path, file } of members) {
      if (bundle.digests.get(path) === file.sha256) continue;
      throw new VerificationError(
        "ASSAY_MISMATCH",
        `expected ${quote(path)} with SHA-256 ${file.sha256}, got ${bundle.digests.get(path) ?? "none"}`,
      );
    }
    const evidence = sources.revisions.map(
      ({ ruleset, kind, files, author, approvedBy, approvedAt }) =>
        `${ruleset} (${kind}): ${files.length} files, by ${author}, approved by ${approvedBy} at ${approvedAt}`,
    );
    const archive = bundledSources((path, bytesMax) => bundle.read(path, bytesMax), sources, list);
    return { value: { sources, archive }, evidence };
  });
}
