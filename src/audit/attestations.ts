/** What builder and rebuilders state about a release (SPEC §12): provenance by a key that signed the manifest, and verdicts, each by itself. */
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { limits } from "../core/limits.js";
import { dsseSigners, parseDSSE } from "../core/trust/attest/dsse.js";
import { verifyProvenance } from "../core/trust/attest/provenance.js";
import { parseVerdictList, provenancePath, verdictsPath } from "../core/trust/attest/verdict-list.js";
import { isVerdictOn, parseVerdict, type RebuildVerdict, sourceMapIn } from "../core/trust/attest/verdict.js";
import type { Delegation } from "../core/trust/metadata.js";
import type { ProvenRelease, TUFKey } from "../core/trust/model.js";
import type { ProvenFeed } from "../core/trust/trusted-metadata.js";
import type { PublicFiles } from "./fetch-file.js";
import type { AuditLog } from "./report.js";

/** Where the tree has them; a release without is none the worse, unless the policy asks for verdicts (SPEC §7.21). */
export async function auditAttestations(
  log: AuditLog,
  files: PublicFiles,
  { manifest, feed }: ProvenRelease,
  proven: ProvenFeed,
  delegation: Delegation,
): Promise<void> {
  const provenance = await files.find(provenancePath(feed, manifest.version), limits.attestationBytesMax);
  const verdicts = await files.find(verdictsPath(feed, manifest.version), limits.verdictListBytesMax);
  if (provenance === undefined && verdicts === undefined) return;
  await log.step("What builder and rebuilders state", "SPEC §12", async () => {
    const evidence: string[] = [];
    if (provenance !== undefined) {
      const keys = proven.signers.map(({ key }) => key);
      await verifyProvenance(parseDSSE(provenance), manifest, proven.envelope.signed, keys);
      evidence.push("provenance: by a key that signed the manifest, and says what the manifest says");
    }
    for (const one of verdicts === undefined
      ? []
      : await judged(verdicts, proven, { manifest, feed }, delegation))
      evidence.push(describe(one));
    return { value: undefined, evidence };
  });
}

/** SPEC §12.4.5: digests of the source map that verdicts by keys of the feed name. A verdict that does not verify names none. */
export async function namedSourceMaps(
  files: PublicFiles,
  proven: ProvenFeed,
  release: ProvenRelease,
  delegation: Delegation,
): Promise<string[]> {
  const path = verdictsPath(release.feed, release.manifest.version);
  const file = await files.find(path, limits.verdictListBytesMax);
  if (file === undefined) return [];
  const all = await judged(file, proven, release, delegation);
  return all.flatMap(({ isOwn, isAbout, map }) => (isOwn && isAbout && map !== undefined ? [map] : []));
}

interface JudgedVerdict {
  readonly verdict: RebuildVerdict;
  /** By a key of the feed, and verified. */
  readonly isOwn: boolean;
  /** On this manifest and no other. */
  readonly isAbout: boolean;
  readonly map: string | undefined;
}

async function judged(
  file: Uint8Array,
  { envelope }: ProvenFeed,
  { manifest, feed }: Pick<ProvenRelease, "manifest" | "feed">,
  { keys }: Delegation,
): Promise<JudgedVerdict[]> {
  const release = { feed, release: manifest.version, signedSha256: hexText(await sha256(envelope.message)) };
  const known = [...keys.values()].filter((key): key is TUFKey => key !== undefined);
  const all: JudgedVerdict[] = [];
  for (const one of parseVerdictList(file).verdicts) {
    const verdict = parseVerdict(one);
    const isOwn = (await dsseSigners(one, known)).size > 0;
    const isAbout = isVerdictOn(verdict, release);
    all.push({ verdict, isOwn, isAbout, map: sourceMapIn(verdict, release) });
  }
  return all;
}

function describe({ verdict, isOwn, isAbout, map }: JudgedVerdict): string {
  const about = isAbout ? "" : ", about another manifest";
  const by = isOwn
    ? "by a key of the feed, verified"
    : "by a key that is none of the feed's, not judged here";
  const names = map === undefined ? "" : `, names the source map ${map}`;
  const why = verdict.result === "FAILED" ? `: ${verdict.explanation}` : names;
  return `verdict ${verdict.result} at ${verdict.timeVerified}, ${by}${about}${why}`;
}
