/** A whole signature in the world of the vectors: token, both chains, and a list of each of the four CAs. */
import { signCMS } from "../../../src/issuing/cms.js";
import { issueCRL } from "../../../src/issuing/crls.js";
import { type createWorld, now } from "../../vectors/pki/world.js";
import { memoryTSA, sha256 } from "./publisher.js";

export function signInWorld(
  world: Awaited<ReturnType<typeof createWorld>>,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const tsuChain = [world.tsu.certificate, world.tsaCA.certificate];
  const lists = () =>
    Promise.all(
      [world.root, world.ca, world.tsaRoot, world.tsaCA].map(({ key, certificate }) =>
        issueCRL({
          ...{ issuerKey: key, issuerCertificate: certificate, number: 1n, revoked: [], thisUpdate: now },
          nextUpdate: new Date("2026-09-08T12:00:00Z"),
        }),
      ),
    );
  return signCMS({
    contentSha256: sha256(bytes),
    contentLabel: "1.endpoint.json",
    signer: { ...world.leaf.key, scheme: "ecdsa-p256-sha256", close: async () => undefined },
    chain: [world.leaf.certificate, world.ca.certificate],
    signingTime: now,
    tsa: memoryTSA(world.tsu.key, tsuChain, () => now),
    revocation: lists,
  });
}
