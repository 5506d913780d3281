/** test/vectors/dsse: attestations as committed files, judged from the disk and made again byte for byte. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { utf8Bytes, utf8Text } from "../../../../src/core/encoding/bytes.js";
import { RulemintError } from "../../../../src/core/errors.js";
import { dsseSigners, parseDSSE, preAuthEncoding } from "../../../../src/core/trust/attest/dsse.js";
import { verifyProvenance } from "../../../../src/core/trust/attest/provenance.js";
import { keyOfPEM, verifyRebuilds } from "../../../../src/core/trust/rebuild-quorum.js";
import { openVectors } from "../../../support/vector-folder.js";
import { makeVectors, manifest, signed, specified } from "../../../vectors/dsse/make.js";
import { digestOfSigned } from "./attestations.js";

const made = await makeVectors();
const vectors = openVectors("dsse", made);
const text = (path: string) => utf8Text(vectors.read(path));
const { feed, release } = manifest.block;

const judge = {
  provenance: async (file: Uint8Array): Promise<unknown> =>
    verifyProvenance(parseDSSE(file), manifest, signed, [keyOfPEM(text("keys/builder.pem"))]),
  verdict: async (file: Uint8Array): Promise<unknown> =>
    verifyRebuilds(
      { feed, release, signedSha256: await digestOfSigned(manifest), verdicts: [parseDSSE(file)] },
      { threshold: 1, keys: [text("keys/overseer.pem")] },
    ),
};

const names = (kind: string) =>
  readdirSync(join(vectors.folder, kind))
    .filter((name) => name.endsWith(".expect"))
    .map((name) => name.replace(".expect", ""));

describe("vectors of attestations", () => {
  it("are what their generator makes, byte for byte, and nothing else is there", () => {
    const onDisk = readdirSync(vectors.folder, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && !/^(make\.ts|README\.md)$/.test(one.name))
      .map((one) => join(one.parentPath, one.name).slice(vectors.folder.length));
    expect(onDisk.toSorted()).toEqual([...made.keys()].toSorted());
    for (const [path, bytes] of made) expect(vectors.read(path), path).toEqual(Uint8Array.from(bytes));
  });

  it.each(
    (["provenance", "verdict"] as const).flatMap((kind) => names(kind).map((name) => ({ kind, name }))),
  )("SPEC §12.1.1, §12.1.3, §12.3.2, §7.20 $kind/$name is judged as it says", async ({ kind, name }) => {
    const code = await judge[kind](vectors.read(`${kind}/${name}.json`)).then(
      () => "success",
      (error) => (error instanceof RulemintError ? error.code : Promise.reject(error)),
    );
    expect(code).toBe(text(`${kind}/${name}.expect`).split("\n")[0]);
  });

  it("SPEC §12.1.2 the example of the DSSE specification: its encoding, and its own signature by its own key", async () => {
    const envelope = parseDSSE(vectors.read("specification/envelope.json"));
    expect(envelope).toMatchObject({ payloadType: specified.type, payload: utf8Bytes(specified.payload) });
    expect(utf8Text(preAuthEncoding(envelope.payloadType, envelope.payload))).toBe(text("specification/pae"));
    const key = keyOfPEM(text("specification/key.pem"));
    expect((await dsseSigners(envelope, [key])).size).toBe(1);
    const other = { ...envelope, payloadType: `${specified.type}s` };
    expect((await dsseSigners(other, [key])).size).toBe(0);
  });
});
