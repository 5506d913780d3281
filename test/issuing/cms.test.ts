/** What `signCMS` puts in, and what it does when signer or authority fail. */
import { describe, expect, it } from "vitest";
import { OperationError } from "../../src/core/errors.js";
import { parseSignedData } from "../../src/core/pki/cms.js";
import { oids } from "../../src/core/pki/oids.js";
import { signingTime } from "../../src/core/pki/signed-data.js";
import { signCMS } from "../../src/issuing/cms.js";
import { content, createPublisher, memorySigner, now, sha256 } from "../core/pki/publisher.js";

const publisher = await createPublisher(await memorySigner("ecdsa-p256-sha256"));
const input = {
  contentSha256: sha256(content),
  signer: publisher.signer,
  chain: publisher.chain,
  signingTime: now,
  tsa: publisher.tsa,
};

describe("signCMS", () => {
  it("puts in the CAdES attributes, a label when asked, the chain and a token", async () => {
    const data = parseSignedData(await signCMS({ ...input, contentLabel: "7.endpoint.json" }));
    expect([...data.signer.signedAttributes.keys()].sort()).toEqual(
      [
        ...[oids.contentType, oids.messageDigest, oids.signingTime],
        ...[oids.signingCertificateV2, oids.algorithmProtection, "1.2.840.113549.1.9.16.2.4"],
      ].sort(),
    );
    expect([...data.signer.unsignedAttributes.keys()]).toEqual([oids.timestampToken]);
    expect(signingTime(data.signer)).toEqual(now);
    expect(data.content).toBeUndefined();
    const ders = data.certificates.map(({ der }) => Buffer.from(der).toString("hex"));
    expect(ders.sort()).toEqual(publisher.chain.map((der) => Buffer.from(der).toString("hex")).sort());
  });

  it("passes on that the authority is away", async () => {
    const stamp = () => Promise.reject(new OperationError("TSA_UNAVAILABLE", "all down"));
    await expect(signCMS({ ...input, tsa: { stamp } })).rejects.toMatchObject({ code: "TSA_UNAVAILABLE" });
  });

  it("asks the authority for the digest of the signature that the signer made", async () => {
    let made = new Uint8Array();
    let asked = new Uint8Array();
    const signer = {
      ...publisher.signer,
      sign: async (message: Uint8Array) => (made = Uint8Array.from(await publisher.signer.sign(message))),
    };
    const tsa = {
      stamp: (digest: Uint8Array) => {
        asked = Uint8Array.from(digest);
        return publisher.tsa.stamp(digest);
      },
    };
    await signCMS({ ...input, signer, tsa });
    expect(asked).toEqual(Uint8Array.from(sha256(made)));
  });

  it("refuses a key that no certificate of ours is for, and a missing chain", async () => {
    const signer = { ...publisher.signer, scheme: "ed25519" as const };
    await expect(signCMS({ ...input, signer })).rejects.toMatchObject({ code: "USAGE" });
    await expect(signCMS({ ...input, chain: [] })).rejects.toMatchObject({ code: "USAGE" });
  });
});
