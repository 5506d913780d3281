/** The verdict on a release: one row for each way in which it is refused. */
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { type ReleaseNumber, type Sha256Hex, releaseNumber, sha256Hex } from "../../../src/core/brands.js";
import type { ErrorCode } from "../../../src/core/errors.js";
import { formatPEM } from "../../../src/core/encoding/pem.js";
import { formatManifest } from "../../../src/core/release/manifest.js";
import { parseEnvelope, parseTargets } from "../../../src/core/trust/metadata.js";
import type { Manifest } from "../../../src/core/trust/model.js";
import { requireThreshold } from "../../../src/core/trust/threshold.js";
import { type ReleaseClaim, verifyRelease } from "../../../src/core/trust/verify-release.js";
import { signMetadata } from "../../../src/issuing/tuf-signatures.js";
import { type Publisher, createPublisher } from "../pki/publisher.js";
import { type TestSigner, testSigner } from "../../simulator/test-signer.js";
import { verdictBy } from "./attest/attestations.js";
import { feed, later, now } from "./repository.js";
import { sampleManifest } from "./sample-manifest.js";

let key: TestSigner;
let overseer: TestSigner;
let publisher: Publisher;

beforeAll(async () => {
  [key, overseer] = [await testSigner("ecdsa-p256-sha256"), await testSigner()];
  publisher = await createPublisher(key, now);
});

async function claim(
  change: Partial<ReleaseClaim> = {},
  manifest: Manifest = sampleManifest(),
  signers: readonly TestSigner[] = [key, overseer],
): Promise<ReleaseClaim> {
  const bytes = await signMetadata(formatManifest(manifest), signers);
  const envelope = parseEnvelope(bytes, "targets");
  const keys = new Map(signers.map((signer) => [signer.keyid, signer.key]));
  return {
    proven: {
      feed,
      envelope,
      metadata: parseTargets(envelope.signed),
      signers: await requireThreshold(envelope, { threshold: 1, keys }, feed),
    },
    cms: await publisher.sign(bytes),
    policy: publisher.policy,
    now,
    client: "0.1.0",
    ...change,
  };
}

const digestOf = (bytes: Uint8Array) => sha256Hex(createHash("sha256").update(bytes).digest("hex"));
const at = (release: number, manifestSha256: string) => ({
  trusted: { release: release as ReleaseNumber, manifestSha256: manifestSha256 as Sha256Hex },
});
const previous = "d".repeat(64);

describe("verifyRelease", () => {
  it("proves a release and says how", async () => {
    const input = await claim(at(2, previous));
    const proven = await verifyRelease(input);
    expect(proven.manifest).toEqual(sampleManifest());
    expect(proven.manifestSha256).toBe(digestOf(input.proven.envelope.bytes));
    expect(proven.signedBy).toHaveLength(2);
    expect(proven.signature.signer.spki).toEqual(key.spki);
    const clauses = proven.checks.map(({ clause }) => clause);
    for (const number of [1, 2, 3, 4, 5, 7]) expect(clauses).toContain(`SPEC §7.${number}`);
  });

  it("takes the release that is trusted already, and one that is several ahead", async () => {
    const input = await claim();
    await verifyRelease({ ...input, ...at(3, digestOf(input.proven.envelope.bytes)) });
    await verifyRelease({ ...input, ...at(1, "f".repeat(64)) });
  });

  const rows: [rule: string, wanted: ErrorCode, input: () => Promise<ReleaseClaim>][] = [
    ["SPEC §7.1 the publisher's key alone", "METADATA_THRESHOLD", () => claim({}, sampleManifest(), [key])],
    [
      "SPEC §7.2 a manifest of another feed",
      "MANIFEST_MALFORMED",
      async () => {
        const input = await claim();
        return { ...input, proven: { ...input.proven, feed: "other" as typeof feed } };
      },
    ],
    ["SPEC §7.3 an older release", "MANIFEST_ROLLBACK", () => claim(at(4, previous))],
    [
      "SPEC §7.4 another file under the trusted number",
      "MANIFEST_CHAIN_BROKEN",
      () => claim(at(3, previous)),
    ],
    [
      "SPEC §7.4 a successor of another manifest",
      "MANIFEST_CHAIN_BROKEN",
      () => claim(at(2, "0".repeat(64))),
    ],
    [
      "SPEC §7.4 a beginning after the trusted release",
      "MANIFEST_CHAIN_BROKEN",
      () => {
        const { block } = sampleManifest();
        return claim(at(1, previous), sampleManifest({ block: { ...block, previousManifestSha256: null } }));
      },
    ],
    ["SPEC §7.5 a release for newer clients", "CLIENT_TOO_OLD", () => claim({ client: "0.0.9" })],
    ["SPEC §7.6 no evidence", "EVIDENCE_MISSING", () => claim({ cms: undefined })],
    ["SPEC §7.6 evidence that is nothing", "CMS_MALFORMED", () => claim({ cms: new Uint8Array(20) })],
    [
      "SPEC §7.6 the evidence of another manifest",
      "CMS_DIGEST_MISMATCH",
      async () => claim({ cms: (await claim({}, sampleManifest({ expires: "2027-02-01T00:00:00Z" }))).cms }),
    ],
    [
      "SPEC §7.6 evidence that was made before the overseer signed",
      "CMS_DIGEST_MISMATCH",
      async () => claim({ cms: (await claim({}, sampleManifest(), [key])).cms }),
    ],
    ["SPEC §7.6 evidence from the future", "TIMESTAMP_INVALID", () => claim({ now: later(-30) })],
    [
      "SPEC §7.6 another organisation than the customer's policy names",
      "SWISS_POLICY",
      () => claim({ policy: { ...publisher.policy, organization: "Other AG" } }),
    ],
    [
      "SPEC §7.6 anchors that the customer does not trust",
      "CERTIFICATE_UNTRUSTED",
      () =>
        claim({ policy: { ...publisher.policy, codeSigningAnchors: publisher.policy.timeStampingAnchors } }),
    ],
    [
      "SPEC §7.7 a certificate for a key that did not sign in TUF's name",
      "SIGNER_KEY_MISMATCH",
      async () => {
        const stranger = await createPublisher(await testSigner("ecdsa-p256-sha256"), now);
        const input = await claim();
        return { ...input, cms: await stranger.sign(input.proven.envelope.bytes) };
      },
    ],
  ];
  it("SPEC §7.21 asks the rebuilders whom the policy names, last of all", async () => {
    const rebuilder = await testSigner();
    const rebuilders = { threshold: 1, keys: [formatPEM(rebuilder.spki, "PUBLIC KEY")] };
    const input = await claim({ policy: { ...publisher.policy, rebuilders } });
    await expect(verifyRelease(input)).rejects.toMatchObject({ code: "REBUILD_QUORUM" });
    const { checks } = await verifyRelease({ ...input, verdicts: [await verdictBy(rebuilder)] });
    expect(checks.slice(-2).map(({ clause }) => clause)).toEqual(["SPEC §7.20", "SPEC §7.21"]);
    const refused = { ...input, verdicts: [await verdictBy(rebuilder, { result: "FAILED" })] };
    await expect(verifyRelease(refused)).rejects.toMatchObject({ code: "REBUILD_FAILED" });
  });

  it.each(rows)("refuses %s: %s", async (_rule, wanted, input) => {
    await expect(verifyRelease(await input())).rejects.toThrowError(
      expect.objectContaining({ code: wanted }),
    );
  });

  it("SPEC §7.3 judges by the number, never by the dates", async () => {
    const older = sampleManifest({ version: releaseNumber(3), expires: "2030-01-01T00:00:00Z" });
    await expect(verifyRelease(await claim(at(5, previous), older))).rejects.toThrowError(
      expect.objectContaining({ code: "MANIFEST_ROLLBACK" }),
    );
  });
});
