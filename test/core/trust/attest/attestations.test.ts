/** Envelopes, statements and what they say: what is read back is what was written, and every other form is refused. */
import { beforeAll, describe, expect, it } from "vitest";
import { utf8Bytes, utf8Text } from "../../../../src/core/encoding/bytes.js";
import type { JSONObject } from "../../../../src/core/encoding/json.js";
import { formatManifest } from "../../../../src/core/release/manifest.js";
import {
  type DSSEEnvelope,
  dsseSigners,
  formatDSSE,
  parseDSSE,
  preAuthEncoding,
} from "../../../../src/core/trust/attest/dsse.js";
import { provenanceFor, verifyProvenance } from "../../../../src/core/trust/attest/provenance.js";
import { signStatement } from "../../../../src/core/trust/attest/sign-statement.js";
import { parseStatement, statementText } from "../../../../src/core/trust/attest/statement.js";
import { isVerdictOn, parseVerdict } from "../../../../src/core/trust/attest/verdict.js";
import { formatVerdictList, parseVerdictList } from "../../../../src/core/trust/attest/verdict-list.js";
import { encodeCanonicalJSON } from "../../../../src/core/encoding/canonical-json.js";
import { type TestSigner, testSigner } from "../../../simulator/test-signer.js";
import { sampleManifest } from "../sample-manifest.js";
import { digestOfSigned, verdictBy, withPredicate } from "./attestations.js";

let p256: TestSigner;
let ed25519: TestSigner;
beforeAll(async () => {
  [p256, ed25519] = [await testSigner("ecdsa-p256-sha256"), await testSigner()];
});

const envelope = { payloadType: "t", payload: "YQ==", signatures: [{ keyid: "k", sig: "Yg==" }] };
const bytesOf = (value: unknown) => utf8Bytes(JSON.stringify(value));

describe("an envelope", () => {
  it("SPEC §12.1.2 signs type and payload with their lengths (the example of the DSSE specification)", () => {
    const encoded = preAuthEncoding("http://example.com/HelloWorld", utf8Bytes("hello world"));
    expect(utf8Text(encoded)).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  });

  it("SPEC §12.1.2 no signature over bare canonical JSON passes as one over an envelope", async () => {
    const payload = encodeCanonicalJSON({ a: 1 });
    const sig = new Uint8Array(await ed25519.sign(payload));
    const bare = { payloadType: "t", payload, signatures: [{ keyid: "", sig }] };
    expect(await dsseSigners(bare, [ed25519.key])).toEqual(new Set());
  });

  it("SPEC §12.1.1 is read as it was written, and with the other alphabet of base64", () => {
    expect(formatDSSE(parseDSSE(formatDSSE(parseDSSE(bytesOf(envelope)))))).toEqual(
      utf8Bytes(`${JSON.stringify(envelope)}\n`),
    );
    const url = parseDSSE(bytesOf({ ...envelope, payload: "-_8=", more: true }));
    expect([...url.payload]).toEqual([0xfb, 0xff]);
  });

  it.each<[string, unknown]>([
    ["a list", []],
    ["no payload", { ...envelope, payload: undefined }],
    ["a payload that is no base64", { ...envelope, payload: "a b" }],
    ["a payload with stray bits", { ...envelope, payload: "YR==" }],
    ["no type", { ...envelope, payloadType: "" }],
    ["no signature", { ...envelope, signatures: [] }],
    ["17 signatures", { ...envelope, signatures: Array.from({ length: 17 }, () => envelope.signatures[0]) }],
    ["a signature without bytes", { ...envelope, signatures: [{ keyid: "k" }] }],
    ["a key id that is a number", { ...envelope, signatures: [{ keyid: 1, sig: "Yg==" }] }],
  ])("SPEC §12.1.1 is refused with %s", (_what, document) => {
    expect(() => parseDSSE(bytesOf(document))).toThrowError(
      expect.objectContaining({ code: "ATTESTATION_MALFORMED" }),
    );
  });

  it("SPEC §12.1.1 is refused when it is too large for a log's entry", () => {
    expect(() => parseDSSE(bytesOf({ ...envelope, payload: "YWFh".repeat(20_000) }))).toThrowError(
      expect.objectContaining({ code: "LIMIT_EXCEEDED" }),
    );
  });

  it("SPEC §12.1.3 counts a key once, whatever the hints say, and no signature over other bytes", async () => {
    const made = await verdictBy(p256);
    const [signature] = made.signatures;
    const twice = { ...made, signatures: [signature, { ...signature, keyid: "other" }] } as DSSEEnvelope;
    expect((await dsseSigners(twice, [p256.key, p256.key, ed25519.key])).size).toBe(1);
    const changed = { ...made, payload: made.payload.slice(0, -1) };
    expect((await dsseSigners(changed, [p256.key])).size).toBe(0);
  });
});

describe("a statement", () => {
  const statement = (change: JSONObject): DSSEEnvelope => ({
    payloadType: "application/vnd.in-toto+json",
    payload: bytesOf({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ name: "a", digest: { sha256: "a".repeat(64) } }],
      predicateType: "p",
      predicate: {},
      ...change,
    }) as Uint8Array<ArrayBuffer>,
    signatures: [],
  });

  it("SPEC §12.2.1 ignores members that it does not know", () => {
    expect(parseStatement(statement({ more: 1 })).subjects).toEqual([{ name: "a", sha256: "a".repeat(64) }]);
  });

  it.each<[string, JSONObject]>([
    ["another type", { _type: "https://in-toto.io/Statement/v0.1" }],
    ["no subject", { subject: [] }],
    ["65 subjects", { subject: Array.from({ length: 65 }, () => ({ digest: { sha256: "a".repeat(64) } })) }],
    ["a subject without a digest", { subject: [{ name: "a" }] }],
    ["a predicate that is text", { predicate: "p" }],
    ["no predicate type", { predicateType: null }],
  ])("SPEC §12.2.1 is refused with %s", (_what, change) => {
    expect(() => parseStatement(statement(change))).toThrowError(
      expect.objectContaining({ code: "ATTESTATION_MALFORMED" }),
    );
  });

  it("SPEC §12.2.1 is refused with another payload type", () => {
    expect(() => parseStatement({ ...statement({}), payloadType: "application/json" })).toThrowError(
      expect.objectContaining({ code: "ATTESTATION_MALFORMED" }),
    );
  });

  it("holds any text as text that canonical JSON can hold", () => {
    const odd = statementText(`a\u0000b\ncafe\u0301 \ud800 ${"x".repeat(5000)}`);
    expect(odd.startsWith("a b caf\u00e9 \ufffd x")).toBe(true);
    expect(odd).toHaveLength(4000);
    expect(() => encodeCanonicalJSON(odd)).not.toThrow();
  });
});

describe("provenance", () => {
  const manifest = sampleManifest();
  const signed = formatManifest(manifest);
  const made = async (signer: TestSigner) => provenanceFor(manifest, signed, signer.spki);

  it("SPEC §12.3.1 follows from the manifest and the builder's key", async () => {
    const statement = await made(p256);
    expect(statement.subjects.map(({ name }) => name)).toEqual([
      "endpoint/3.manifest.signed",
      "endpoint/3.database",
      "endpoint/3.full.rmp",
    ]);
    const verified = await verifyProvenance(await signStatement(statement, p256), manifest, signed, [
      ed25519.key,
      p256.key,
    ]);
    expect(verified).toEqual(statement);
  });

  it("SPEC §12.3.2 is refused from a key that did not sign the manifest", async () => {
    const stranger = await signStatement(await made(p256), ed25519);
    await expect(verifyProvenance(stranger, manifest, signed, [p256.key])).rejects.toMatchObject({
      code: "ATTESTATION_SIGNATURE",
    });
  });

  it.each<[string, JSONObject]>([
    ["a further parameter", { externalParameters: { feed: "endpoint", release: 3, flags: "-O0" } }],
    ["another feed", { externalParameters: { feed: "other", release: 3 } }],
    ["no sources", { resolvedDependencies: [] }],
    ["another build type", { buildType: "rulemint:compile/v2" }],
  ])("SPEC §12.3.2 is refused with %s", async (_what, change) => {
    const statement = await made(p256);
    const buildDefinition = { ...(statement.predicate.buildDefinition as JSONObject), ...change };
    const bent = await signStatement(withPredicate(statement, { buildDefinition }), p256);
    await expect(verifyProvenance(bent, manifest, signed, [p256.key])).rejects.toMatchObject({
      code: "ATTESTATION_MISMATCH",
    });
  });

  it("SPEC §12.3.2 is refused when it is about another release", async () => {
    const other = sampleManifest({ expires: "2027-02-01T00:00:00Z" });
    const envelope = await signStatement(await provenanceFor(other, formatManifest(other), p256.spki), p256);
    await expect(verifyProvenance(envelope, manifest, signed, [p256.key])).rejects.toMatchObject({
      code: "ATTESTATION_MISMATCH",
    });
  });
});

describe("a verdict", () => {
  it("SPEC §12.4.1 says who rebuilt what, and what came of it", async () => {
    const manifest = sampleManifest();
    const explanation = "ASSAY_MISMATCH: yara rule\n\u0007 differs";
    const verdict = parseVerdict(await verdictBy(p256, { result: "FAILED", explanation }));
    expect(verdict).toMatchObject({
      result: "FAILED",
      levels: ["FAILED"],
      resourceUri: "rulemint:endpoint/3",
    });
    expect(verdict.explanation).toBe("ASSAY_MISMATCH: yara rule   differs");
    const on = { ...manifest.block, signedSha256: await digestOfSigned(manifest) };
    expect(isVerdictOn(verdict, on)).toBe(true);
    expect(isVerdictOn(verdict, { ...on, signedSha256: "0".repeat(64) })).toBe(false);
  });

  it("SPEC §12.4.2 names the way in which it was rebuilt", async () => {
    const both = parseVerdict(await verdictBy(p256, { paths: ["rulemint", "reference"] }));
    expect(both.levels).toEqual(["RULEMINT_REBUILT", "RULEMINT_REBUILT_BY_REFERENCE"]);
  });

  it.each<[string, JSONObject]>([
    ["another result", { verificationResult: "MAYBE" }],
    ["levels that are text", { verifiedLevels: "RULEMINT_REBUILT" }],
    ["no verifier", { verifier: "me" }],
    ["no resource", { resourceUri: 3 }],
  ])("SPEC §12.4.3 is refused with %s", async (_what, change) => {
    const bent = await verdictBy(p256, { bend: (statement) => withPredicate(statement, change) });
    expect(() => parseVerdict(bent)).toThrowError(expect.objectContaining({ code: "ATTESTATION_MALFORMED" }));
  });

  it("SPEC §12.4.4 is no verdict on a rebuild when its levels are others", async () => {
    const manifest = sampleManifest();
    const bend = (statement: Parameters<typeof withPredicate>[0]) =>
      withPredicate(statement, { verifiedLevels: ["SLSA_BUILD_LEVEL_3"] });
    const verdict = parseVerdict(await verdictBy(p256, { bend }));
    expect(isVerdictOn(verdict, { ...manifest.block, signedSha256: await digestOfSigned(manifest) })).toBe(
      false,
    );
  });
});

describe("a list of verdicts", () => {
  const { feed, release } = sampleManifest().block;

  it("SPEC §12.5.1 is read as it was written", async () => {
    const list = { feed, release, verdicts: [await verdictBy(p256), await verdictBy(ed25519)] };
    expect(parseVerdictList(formatVerdictList(list))).toEqual(list);
  });

  it.each<[string, unknown]>([
    ["another schema", { schema: 2, feed, release, verdicts: [] }],
    ["a verdict that is no envelope", { schema: 1, feed, release, verdicts: [1] }],
    ["257 verdicts", { schema: 1, feed, release, verdicts: Array.from({ length: 257 }, () => envelope) }],
  ])("SPEC §12.5.1 is refused with %s", (_what, document) => {
    expect(() => parseVerdictList(bytesOf(document))).toThrowError(
      expect.objectContaining({ code: "ATTESTATION_MALFORMED" }),
    );
  });
});
