import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { utf8Text } from "../../src/core/encoding/bytes.js";
import { parseEnvelope } from "../../src/core/trust/metadata.js";
import { rootSigned, targetsSigned, timestampSigned } from "../../src/issuing/tuf.js";
import { addSignature, signMetadata, signingPayload } from "../../src/issuing/tuf-signatures.js";
import { feed, later, policy } from "../core/trust/repository.js";
import { testSigner } from "../simulator/test-signer.js";

const peer = createRequire(import.meta.url)("@tufjs/models") as {
  Metadata: { fromJSON(type: string, json: unknown): { signed: { toJSON(): unknown } } };
};
const one = await testSigner();
const two = await testSigner("ecdsa-p256-sha256");
const role = { keys: [one.key, two.key], threshold: 2 };
const single = { keys: [one.key], threshold: 1 };

describe("TUF builders", () => {
  it("build a root, with the policy beside the roles, that a stranger's model reads and writes back", () => {
    const roles = { root: role, timestamp: single, snapshot: single, targets: role };
    const signed = rootSigned({ version: 1, expires: later(365), roles, policy });
    expect(signed).toMatchObject({ spec_version: "1.0.34", consistent_snapshot: true });
    expect(signed["x-rulemint"]).toEqual({ schema: 1, policy });
    expect(peer.Metadata.fromJSON("root", { signed, signatures: [] }).signed.toJSON()).toEqual(signed);
  });

  it("build targets that delegate and hold nothing themselves", () => {
    const signed = targetsSigned({ version: 1, expires: later(90), feeds: [{ feed, ...role }] });
    expect(signed.targets).toEqual({});
    expect(signed).toHaveProperty("delegations.roles.0", {
      name: "endpoint",
      keyids: [one.keyid, two.keyid].sort(),
      threshold: 2,
      terminating: true,
      paths: ["endpoint/*"],
    });
    expect(peer.Metadata.fromJSON("targets", { signed, signatures: [] }).signed.toJSON()).toEqual(signed);
  });

  it("write times without fractions", async () => {
    const snapshot = { version: 1, bytes: new Uint8Array(3) };
    const signed = await timestampSigned({
      version: 1,
      expires: new Date("2027-01-01T00:00:00.999Z"),
      snapshot,
    });
    expect(signed.expires).toBe("2027-01-01T00:00:00Z");
    expect(signed).toHaveProperty(["meta", "snapshot.json", "length"], 3);
  });

  it.each([0, 3, 1.5])("refuse a threshold of %s for two keys", (threshold) => {
    const feeds = [{ feed, keys: role.keys, threshold }];
    expect(() => targetsSigned({ version: 1, expires: later(1), feeds })).toThrowError(
      expect.objectContaining({ code: "USAGE" }),
    );
  });

  it("do not count a key twice toward a threshold", () => {
    const feeds = [{ feed, keys: [one.key, one.key], threshold: 2 }];
    expect(() => targetsSigned({ version: 1, expires: later(1), feeds })).toThrowError(
      expect.objectContaining({ code: "USAGE" }),
    );
  });
});

describe("signMetadata and addSignature", () => {
  const signed = targetsSigned({ version: 1, expires: later(90), feeds: [{ feed, ...role }] });

  it("SPEC §5.1.4 serve ordinary JSON with the signatures in the order of their key ids", async () => {
    const file = await signMetadata(signed, [two, one]);
    const { signatures } = JSON.parse(utf8Text(file)) as { signatures: { keyid: string }[] };
    expect(signatures.map(({ keyid }) => keyid)).toEqual([one.keyid, two.keyid].sort());
    expect(parseEnvelope(file, "targets").signed).toEqual(signed);
  });

  it("come to the same bytes whoever signs first", async () => {
    const [a, b] = [await one.sign(signingPayload(await signMetadata(signed, []))), await testSigner()];
    const left = await addSignature(await signMetadata(signed, [b]), one.key, a);
    const right = await addSignature(
      await addSignature(await signMetadata(signed, []), one.key, a),
      b.key,
      await b.sign(signingPayload(left)),
    );
    expect(left).toEqual(right);
  });

  it("add nothing that does not verify", async () => {
    const file = await signMetadata(signed, [one]);
    await expect(addSignature(file, two.key, await one.sign(signingPayload(file)))).rejects.toThrowError(
      expect.objectContaining({ code: "SIGNATURE_REFUSED" }),
    );
  });

  it("refuse a signer that signs something else", async () => {
    const liar = { ...one, sign: async () => one.sign(new Uint8Array(3)) };
    await expect(signMetadata(signed, [liar])).rejects.toThrowError(
      expect.objectContaining({ code: "SIGNATURE_REFUSED" }),
    );
  });
});
