/** When a release needs the second signature, and that nobody talks a client out of it. */
import { beforeAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../../../src/core/brands.js";
import type { ErrorCode } from "../../../src/core/errors.js";
import { formatManifest } from "../../../src/core/release/manifest.js";
import { parseManifest } from "../../../src/core/trust/manifest.js";
import { parseEnvelope, parseTargets } from "../../../src/core/trust/metadata.js";
import type { Manifest, SignaturePolicy } from "../../../src/core/trust/model.js";
import { parsePolicy } from "../../../src/core/trust/policy.js";
import { requireThreshold } from "../../../src/core/trust/threshold.js";
import { type ReleaseClaim, verifyRelease } from "../../../src/core/trust/verify-release.js";
import { signMLDSA } from "../../../src/issuing/mldsa.js";
import { signMetadata } from "../../../src/issuing/tuf-signatures.js";
import { type TestSigner, testSigner } from "../../simulator/test-signer.js";
import { type TestPostQuantum, testPostQuantum, verify } from "../../support/post-quantum.js";
import { type Publisher, createPublisher } from "../pki/publisher.js";
import { feed, now } from "./repository.js";
import { sampleManifest } from "./sample-manifest.js";

let signers: TestSigner[];
let publisher: Publisher;
let own: TestPostQuantum;
let other: TestPostQuantum;
beforeAll(async () => {
  signers = [await testSigner("ecdsa-p256-sha256"), await testSigner()];
  publisher = await createPublisher(signers[0] as TestSigner, now);
  [own, other] = [await testPostQuantum(), await testPostQuantum()];
});

const announcing = (announced: TestPostQuantum): Manifest => {
  const manifest = sampleManifest();
  return { ...manifest, block: { ...manifest.block, postQuantum: announced.announcement } };
};
const pinned = (change: Partial<SignaturePolicy> = {}): SignaturePolicy => ({
  ...publisher.policy,
  postQuantumKeys: [other.pem, own.pem],
  ...change,
});

/** Sound in every classical way. `second` makes the second signature over the manifest as served. */
async function claim(
  manifest: Manifest,
  policy: SignaturePolicy,
  second?: (bytes: Uint8Array) => Promise<Uint8Array>,
): Promise<ReleaseClaim> {
  const bytes = await signMetadata(formatManifest(manifest), signers);
  const envelope = parseEnvelope(bytes, "targets");
  const keys = new Map(signers.map((signer) => [signer.keyid, signer.key]));
  const counted = await requireThreshold(envelope, { threshold: 2, keys }, feed);
  return {
    proven: { feed, envelope, metadata: parseTargets(envelope.signed), signers: counted },
    cms: await publisher.sign(bytes),
    ...{ policy, now, client: "0.1.0" },
    postQuantum: { verify, cms: await second?.(bytes) },
  };
}
const by = (one: TestPostQuantum) => (bytes: Uint8Array) => signMLDSA(bytes, one.signer);

describe("the second signature of a release", () => {
  it.each([undefined, "when-announced", "required"] as const)(
    "SPEC §7.8 holds beside the classical checks, all of them (policy %s)",
    async (postQuantum) => {
      const input = await claim(announcing(own), pinned({ postQuantum }), by(own));
      const { checks, manifest } = await verifyRelease(input);
      expect(manifest.block.postQuantum).toEqual(own.announcement);
      expect(checks.at(-1)).toMatchObject({
        clause: "SPEC §7.8",
        evidence: expect.stringContaining(own.key.sha256),
      });
      const classical = await verifyRelease({
        ...(await claim(sampleManifest(), pinned())),
        postQuantum: {},
      });
      expect(checks.slice(0, -1).map(({ name }) => name)).toEqual(classical.checks.map(({ name }) => name));
    },
  );

  it("is not asked for where nothing announces or demands it, and a stray file changes nothing", async () => {
    await verifyRelease(await claim(sampleManifest(), publisher.policy));
    await verifyRelease(await claim(sampleManifest(), pinned(), async () => new Uint8Array(9)));
  });

  const rows: [lie: string, wanted: ErrorCode, input: () => Promise<ReleaseClaim>][] = [
    ["the file stripped", "PQ_SIGNATURE_MISSING", () => claim(announcing(own), pinned())],
    [
      "the member left out by the publisher, where the policy demands it",
      "PQ_SIGNATURE_MISSING",
      () => claim(sampleManifest(), pinned({ postQuantum: "required" }), by(own)),
    ],
    [
      "another pinned key's signature",
      "PQ_SIGNATURE_INVALID",
      () => claim(announcing(own), pinned(), by(other)),
    ],
    [
      "a key that the policy does not pin",
      "PQ_KEY_UNKNOWN",
      () => claim(announcing(own), pinned({ postQuantumKeys: [other.pem] }), by(own)),
    ],
    ["a policy without keys", "PQ_KEY_UNKNOWN", () => claim(announcing(own), publisher.policy, by(own))],
    [
      "the signature of another manifest",
      "PQ_SIGNATURE_INVALID",
      async () => {
        const older = await claim(sampleManifest({ expires: "2027-02-01T00:00:00Z" }), pinned(), by(own));
        return claim(announcing(own), pinned(), async () => older.postQuantum?.cms as Uint8Array);
      },
    ],
    [
      "the classical signature in its place",
      "PQ_SIGNATURE_INVALID",
      () => claim(announcing(own), pinned(), (bytes) => publisher.sign(bytes)),
    ],
    [
      "garbage",
      "PQ_SIGNATURE_INVALID",
      () => claim(announcing(own), pinned(), async () => new Uint8Array(4000)),
    ],
    [
      "a client that cannot verify it",
      "CLIENT_TOO_OLD",
      async () => {
        const input = await claim(announcing(own), pinned(), by(own));
        return { ...input, postQuantum: { cms: input.postQuantum?.cms } };
      },
    ],
    [
      "a sound second signature without the classical one: never instead",
      "EVIDENCE_MISSING",
      async () => ({ ...(await claim(announcing(own), pinned(), by(own))), cms: undefined }),
    ],
    [
      "a sound second signature over a classical one of another organisation",
      "SWISS_POLICY",
      () => claim(announcing(own), pinned({ organization: "Other AG" }), by(own)),
    ],
  ];
  it.each(rows)("SPEC §7.8 refuses %s: %s", async (_lie, wanted, input) => {
    await expect(verifyRelease(await input())).rejects.toThrowError(
      expect.objectContaining({ code: wanted }),
    );
  });

  it("SPEC §7.8 refuses a manifest whose member was taken out or exchanged after it was signed", async () => {
    const input = await claim(announcing(own), pinned(), by(own));
    for (const member of [undefined, other.announcement]) {
      const file = JSON.parse(new TextDecoder().decode(input.proven.envelope.bytes));
      file.signed["x-rulemint"].postQuantum = member;
      const envelope = parseEnvelope(new TextEncoder().encode(JSON.stringify(file)), "targets");
      const keys = new Map(signers.map((signer) => [signer.keyid, signer.key]));
      await expect(requireThreshold(envelope, { threshold: 2, keys }, feed)).rejects.toThrowError(
        expect.objectContaining({ code: "METADATA_THRESHOLD" }),
      );
    }
  });
});

describe("what announces and demands it", () => {
  it("SPEC §5.4.9 is read from the manifest as it was written", () => {
    expect(parseManifest(formatManifest(announcing(own))).block.postQuantum).toEqual(own.announcement);
    expect(parseManifest(formatManifest(sampleManifest())).block).not.toHaveProperty("postQuantum");
  });

  it.each([
    ["another scheme", { scheme: "ml-dsa-44", keySha256: "0".repeat(64) }],
    ["no key", { scheme: "ml-dsa-65" }],
    ["null", null],
    ["true", true],
    ["half a digest", { scheme: "ml-dsa-65", keySha256: "0".repeat(63) }],
  ])("SPEC §5.4.9 refuses an announcement of %s", (_lie, postQuantum) => {
    const signed = formatManifest(announcing(own));
    (signed["x-rulemint"] as Record<string, unknown>).postQuantum = postQuantum;
    expect(() => parseManifest(signed)).toThrowError(expect.objectContaining({ code: "MANIFEST_MALFORMED" }));
  });

  const policyBytes = (change: object) =>
    new TextEncoder().encode(JSON.stringify({ ...publisher.policy, ...change }));
  it("SPEC §5.5.4 is read from a policy", () => {
    const policy = parsePolicy(policyBytes({ postQuantum: "required", postQuantumKeys: [own.pem] }));
    expect(policy).toMatchObject({ postQuantum: "required", postQuantumKeys: [own.pem] });
    expect(parsePolicy(policyBytes({}))).not.toHaveProperty("postQuantum");
  });

  it.each([
    ["a demand without keys", () => ({ postQuantum: "required" })],
    ["an unknown demand", () => ({ postQuantum: "never", postQuantumKeys: [own.pem] })],
    [
      "a key of another kind",
      () => ({ postQuantumKeys: ["-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n"] }),
    ],
    ["keys that are no list", () => ({ postQuantumKeys: own.pem })],
    ["nine keys", () => ({ postQuantumKeys: Array.from({ length: 9 }, () => own.pem) })],
  ])("SPEC §5.5.4 refuses a policy with %s", (_lie, change) => {
    expect(() => parsePolicy(policyBytes(change()))).toThrowError(
      expect.objectContaining({ code: expect.stringMatching(/^(METADATA|ENCODING)_MALFORMED$/) }),
    );
  });

  it("names a key by the SHA-256 of its SubjectPublicKeyInfo", () => {
    expect(own.announcement.keySha256).toBe(sha256Hex(own.key.sha256));
    expect(own.key.sha256).not.toBe(other.key.sha256);
  });
});
