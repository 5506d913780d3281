/** What builder and rebuilders state about a release (SPEC §12): provenance by a key that signed the manifest, and verdicts, each by itself. */
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { limits } from "../core/limits.js";
import { type DSSEEnvelope, dsseSigners, parseDSSE } from "../core/trust/attest/dsse.js";
import { verifyProvenance } from "../core/trust/attest/provenance.js";
import { parseVerdictList, provenancePath, verdictsPath } from "../core/trust/attest/verdict-list.js";
import { isVerdictOn, parseVerdict, sourceMapIn } from "../core/trust/attest/verdict.js";
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
    const listed = verdicts === undefined ? [] : parseVerdictList(verdicts).verdicts;
    const signedSha256 = hexText(await sha256(proven.envelope.message));
    for (const envelope of listed) {
      evidence.push(await describe(envelope, { feed, release: manifest.version, signedSha256 }, delegation));
    }
    return { value: undefined, evidence };
  });
}

/** SPEC §12.4.5: digests of the source map that verdicts by keys of the feed name. A verdict that does not verify names none. */
export async function namedSourceMaps(
  files: PublicFiles,
  { envelope }: ProvenFeed,
  { manifest, feed }: ProvenRelease,
  { keys }: Delegation,
): Promise<string[]> {
  const file = await files.find(verdictsPath(feed, manifest.version), limits.verdictListBytesMax);
  if (file === undefined) return [];
  const release = { feed, release: manifest.version, signedSha256: hexText(await sha256(envelope.message)) };
  const known = [...keys.values()].filter((key): key is TUFKey => key !== undefined);
  const named: string[] = [];
  for (const one of parseVerdictList(file).verdicts) {
    const verdict = parseVerdict(one);
    const map = sourceMapIn(verdict, release);
    if (map === undefined || !isVerdictOn(verdict, release)) continue;
    if ((await dsseSigners(one, known)).size > 0) named.push(map);
  }
  return named;
}

async function describe(
  envelope: DSSEEnvelope,
  release: Parameters<typeof isVerdictOn>[1],
  { keys }: Delegation,
): Promise<string> {
  const verdict = parseVerdict(envelope);
  const known = [...keys.values()].filter((key): key is TUFKey => key !== undefined);
  const own = (await dsseSigners(envelope, known)).size > 0;
  const about = isVerdictOn(verdict, release) ? "" : ", about another manifest";
  const by = own ? "by a key of the feed, verified" : "by a key that is none of the feed's, not judged here";
  const map = sourceMapIn(verdict, release);
  const names = map === undefined ? "" : `, names the source map ${map}`;
  const why = verdict.result === "FAILED" ? `: ${verdict.explanation}` : names;
  return `verdict ${verdict.result} at ${verdict.timeVerified}, ${by}${about}${why}`;
}
