/** The sources of a release for whoever may read them: listed, and written as files whose digests were compared. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import { openDesk } from "../adapters/desk/http.js";
import type { ReadSourcesOptions } from "../cli/access-doors.js";
import type { Report } from "../cli/doors.js";
import { formatBytes, formatCount, formatTable, formatTime } from "../cli/figures.js";
import { feedName, releaseNumber } from "../core/brands.js";
import { VerificationError, quote } from "../core/errors.js";
import type { FileFacts, ReleaseSources } from "../core/release/model.js";
import { readExactly } from "../core/release/rebuild.js";
import { parseSources } from "../core/release/sources.js";
import type { SourceArchive } from "../ports/source-archive.js";

/** @throws VerificationError ASSAY_MISMATCH, PATH_UNSAFE; UsageError, OperationError of the service */
export async function readSources({ call, feed, release, out }: ReadSourcesOptions): Promise<Report> {
  const { server, token, said } = call;
  const { reason, visit } = said;
  const desk = openDesk({ server, token, ...(reason && { reason }), ...(visit && { visit }) });
  const sources = parseSources(await desk.sources(feedName(feed), releaseNumber(release)));
  const files = sources.revisions.flatMap((one) => one.files.map((file) => ({ ruleset: one.ruleset, file })));
  if (out !== undefined) {
    await mkdir(out);
    for (const { ruleset, file } of files) await save(desk, file, { out, path: `${ruleset}/${file.path}` });
  }
  const head = `release ${release} of ${feed}: ${formatCount(files.length, "file")} of ${formatCount(sources.revisions.length, "ruleset")}`;
  const done = out === undefined ? [] : [`Written to ${out}, each with the digest of the list.`];
  return {
    ok: true,
    json: { ...sources, out: out ?? null },
    text: [head, describe(sources), ...done].join("\n\n"),
  };
}

/** Names are the service's word: none of them leads out of the folder. */
async function save(
  desk: SourceArchive,
  file: FileFacts,
  { out, path }: { readonly out: string; readonly path: string },
): Promise<void> {
  const to = resolve(out, path);
  if (!to.startsWith(resolve(out) + sep)) {
    throw new VerificationError("PATH_UNSAFE", `expected a path inside the folder, got ${quote(path)}`);
  }
  const content = await readExactly(file, { read: () => desk.file(file.sha256, file.bytes) });
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, content, { flag: "wx" });
}

function describe({ revisions }: ReleaseSources): string {
  const rulesets = revisions.map((one) => {
    const rows = one.files.map(({ path, bytes, sha256 }) => [path, formatBytes(bytes), sha256]);
    const by = `by ${one.author}, approved by ${one.approvedBy}, ${formatTime(one.approvedAt)}`;
    return `${one.ruleset} (${one.kind}), ${one.submission} ${by}\n${formatTable(["file", "size", "sha256"], rows)}`;
  });
  return rulesets.join("\n\n");
}
