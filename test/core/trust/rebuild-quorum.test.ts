/** k of n: which verdicts count toward a customer's demand, which one refuses, and which are nobody's. */
import { beforeAll, describe, expect, it } from "vitest";
import { releaseNumber } from "../../../src/core/brands.js";
import { utf8Bytes } from "../../../src/core/encoding/bytes.js";
import { formatPEM } from "../../../src/core/encoding/pem.js";
import type { DSSEEnvelope } from "../../../src/core/trust/attest/dsse.js";
import { parsePolicy } from "../../../src/core/trust/policy.js";
import { verifyRebuilds } from "../../../src/core/trust/rebuild-quorum.js";
import { type TestSigner, testSigner } from "../../simulator/test-signer.js";
import { digestOfSigned, verdictBy, withPredicate } from "./attest/attestations.js";
import { policy } from "./repository.js";
import { sampleManifest, samplePack } from "./sample-manifest.js";

let [a, b, c, stranger]: TestSigner[] = [];
const pem = (signer: TestSigner | undefined) => formatPEM((signer as TestSigner).spki, "PUBLIC KEY");
const sure = (signer: TestSigner | undefined) => signer as TestSigner;

beforeAll(async () => {
  [a, b, c, stranger] = [
    await testSigner("ecdsa-p256-sha256"),
    await testSigner(),
    await testSigner(),
    await testSigner(),
  ];
});

async function judge(threshold: number, verdicts: readonly DSSEEnvelope[]) {
  const { feed, release } = sampleManifest().block;
  const signedSha256 = await digestOfSigned(sampleManifest());
  return verifyRebuilds(
    { feed, release, signedSha256, verdicts },
    { threshold, keys: [pem(a), pem(b), pem(c)] },
  );
}

const other = () => sampleManifest({ expires: "2027-02-01T00:00:00Z" });
/** A manifest of release 4. */
const later = () => {
  const { block } = sampleManifest();
  const [release, full] = [releaseNumber(4), samplePack(0, 4)];
  const database = { ...block.database, sha256: full.databaseSha256, bytes: full.databaseBytes };
  return sampleManifest({ version: release, block: { ...block, release, database }, packs: [full] });
};

describe("rebuilders of the policy", () => {
  it.each<[string, number, () => Promise<DSSEEnvelope[]>]>([
    ["one of three when one is asked", 1, async () => [await verdictBy(sure(b))]],
    ["two of three when two are asked", 2, async () => [await verdictBy(sure(a)), await verdictBy(sure(c))]],
    [
      "all three, by the reference compiler too",
      3,
      async () => [
        await verdictBy(sure(a), { paths: ["reference"] }),
        await verdictBy(sure(b)),
        await verdictBy(sure(c)),
      ],
    ],
    [
      "a FAILED by a key outside the policy",
      1,
      async () => [await verdictBy(sure(stranger), { result: "FAILED" }), await verdictBy(sure(a))],
    ],
    [
      "a FAILED about another manifest",
      1,
      async () => [
        await verdictBy(sure(a), { result: "FAILED", manifest: other() }),
        await verdictBy(sure(a)),
      ],
    ],
    [
      "an attestation of another kind beside",
      1,
      async () => [
        await verdictBy(sure(b), { bend: (one) => ({ ...one, predicateType: "https://example.com/v1" }) }),
        await verdictBy(sure(a)),
      ],
    ],
  ])("SPEC §7.21 accepts %s", async (_what, threshold, verdicts) => {
    const checks = await judge(threshold, await verdicts());
    expect(checks.map(({ clause }) => clause)).toEqual(["SPEC §7.20", "SPEC §7.21"]);
  });

  it.each<[string, number, () => Promise<DSSEEnvelope[]>]>([
    ["no verdict at all", 1, async () => []],
    ["one of the two that are asked", 2, async () => [await verdictBy(sure(a))]],
    ["one key twice", 2, async () => [await verdictBy(sure(a)), await verdictBy(sure(a))]],
    [
      "one key twice under two times",
      2,
      async () => [
        await verdictBy(sure(a)),
        await verdictBy(sure(a), { timeVerified: "2026-11-23T00:00:00Z" }),
      ],
    ],
    ["a key that the policy does not name", 1, async () => [await verdictBy(sure(stranger))]],
    [
      "a verdict on another manifest of the number",
      1,
      async () => [await verdictBy(sure(a), { manifest: other() })],
    ],
    [
      "a replayed verdict on another release",
      1,
      async () => [await verdictBy(sure(a), { manifest: later() })],
    ],
    [
      "a verdict that names another release beside the right digest",
      1,
      async () => [
        await verdictBy(sure(a), {
          bend: (one) => withPredicate(one, { resourceUri: "rulemint:endpoint/4" }),
        }),
      ],
    ],
    [
      "a key id of the policy over a stranger's signature",
      1,
      async () => {
        const made = await verdictBy(sure(stranger));
        const keyid = (await verdictBy(sure(a))).signatures[0]?.keyid as string;
        return [{ ...made, signatures: made.signatures.map(({ sig }) => ({ keyid, sig })) }];
      },
    ],
    [
      "FAILED turned into PASSED behind the signature",
      1,
      async () => {
        const made = await verdictBy(sure(a), { result: "FAILED" });
        const payload = utf8Bytes(
          new TextDecoder()
            .decode(made.payload)
            .replace('"FAILED","verifiedLevels', '"PASSED","verifiedLevels'),
        );
        return [{ ...made, payload }];
      },
    ],
    [
      "a summary by the right key that is about no rebuild",
      1,
      async () => [
        await verdictBy(sure(a), {
          bend: (one) => withPredicate(one, { verifiedLevels: ["SLSA_BUILD_LEVEL_3"] }),
        }),
      ],
    ],
  ])("SPEC §7.21 refuses %s", async (_what, threshold, verdicts) => {
    await expect(judge(threshold, await verdicts())).rejects.toMatchObject({ code: "REBUILD_QUORUM" });
  });

  it.each<[string, () => Promise<DSSEEnvelope[]>]>([
    [
      "one FAILED among enough PASSED",
      async () => [
        await verdictBy(sure(a)),
        await verdictBy(sure(b)),
        await verdictBy(sure(c), { result: "FAILED" }),
      ],
    ],
    [
      "FAILED and then PASSED by one key",
      async () => [
        await verdictBy(sure(a), { result: "FAILED" }),
        await verdictBy(sure(a)),
        await verdictBy(sure(b)),
      ],
    ],
    [
      "FAILED whose subjects hold more than the manifest",
      async () => [
        await verdictBy(sure(a), {
          result: "FAILED",
          bend: (one) => ({ ...one, subjects: [...one.subjects].reverse() }),
        }),
        await verdictBy(sure(b)),
      ],
    ],
  ])("SPEC §7.20 refuses %s", async (_what, verdicts) => {
    await expect(judge(1, await verdicts())).rejects.toMatchObject({ code: "REBUILD_FAILED" });
  });
});

describe("the policy's demand", () => {
  const read = (rebuilders: unknown) =>
    parsePolicy(utf8Bytes(JSON.stringify({ ...policy, rebuilders }))).rebuilders;

  it("SPEC §5.5.5 is read as written", () => {
    expect(read({ threshold: 2, keys: [pem(a), pem(b)] })).toEqual({ threshold: 2, keys: [pem(a), pem(b)] });
    expect(read(undefined)).toBeUndefined();
  });

  it.each<[string, () => unknown]>([
    ["a threshold of 0", () => ({ threshold: 0, keys: [pem(a)] })],
    ["a threshold above the number of keys", () => ({ threshold: 2, keys: [pem(a)] })],
    ["no threshold", () => ({ keys: [pem(a)] })],
    ["no keys", () => ({ threshold: 1, keys: [] })],
    ["one key twice", () => ({ threshold: 2, keys: [pem(a), `\n${pem(a)}`] })],
    ["33 keys", () => ({ threshold: 1, keys: Array.from({ length: 33 }, () => pem(a)) })],
    ["a key that is none", () => ({ threshold: 1, keys: [formatPEM(Uint8Array.of(0x30, 0), "PUBLIC KEY")] })],
  ])("SPEC §5.5.5 is refused with %s", (_what, demand) => {
    expect(() => read(demand())).toThrowError(expect.objectContaining({ code: "METADATA_MALFORMED" }));
  });
});
