/** Lies in the evidence and in the packs. */
import { manifestSignaturePath } from "../../../src/core/release/tree-paths.js";
import { createPublisher } from "../../core/pki/publisher.js";
import { badCMS } from "../../simulator/bad-evidence.js";
import { broken, flipped, instead, missing } from "../../simulator/server.js";
import { testSigner } from "../../simulator/test-signer.js";
import { indicators } from "../endpoint.js";
import { type AnyManifest, type LieRow, after, endless, serve, silent } from "./lie.js";

function lyingAboutTheResult(manifest: AnyManifest): AnyManifest {
  const { database, compiler } = manifest.block;
  const lie = { ...database, sha256: compiler.sha256 };
  const packs = manifest.packs.map((pack) => ({ ...pack, databaseSha256: lie.sha256 }));
  return { ...manifest, block: { ...manifest.block, database: lie }, packs };
}

/** Changes the full pack as the manifest describes it; there is no other way to the release. */
const described =
  (change: (pack: AnyManifest["packs"][number]) => object): LieRow[2] =>
  ({ publisher }) =>
    publisher.release(indicators(2), {
      deltasFrom: [],
      manifest: (m) => ({
        ...m,
        packs: m.packs.map((pack) => (pack.kind === "full" ? { ...pack, ...change(pack) } : pack)),
      }),
    });

export const contentLies: readonly LieRow[] = [
  // --- the evidence -------------------------------------------------------------------------------
  [
    "no evidence",
    "EVIDENCE_MISSING",
    ({ publisher }) => publisher.release(indicators(2), { cms: async () => undefined }),
  ],
  ["evidence without end", "FETCH_TOO_LARGE", after(serve(/evidence/, endless))],
  [
    "the evidence of the release before",
    "CMS_DIGEST_MISMATCH",
    after(({ publisher }) => {
      publisher.tree.set(
        manifestSignaturePath(publisher.feed, 2 as never),
        publisher.tree.get(manifestSignaturePath(publisher.feed, 1 as never)) as Uint8Array,
      );
    }),
  ],
  [
    "evidence by a key that is not the publisher's",
    "SIGNER_KEY_MISMATCH",
    async ({ publisher }) => {
      const stranger = await createPublisher(await testSigner("ecdsa-p256-sha256"), publisher.now);
      await publisher.release(indicators(2), { cms: (file) => stranger.sign(file) });
    },
  ],
  [
    "evidence by a self-made certificate",
    "CERTIFICATE_UNTRUSTED",
    ({ publisher }) => publisher.release(indicators(2), { cms: (file) => badCMS.untrusted(publisher, file) }),
  ],
  [
    "evidence by a certificate of another country",
    "SWISS_POLICY",
    ({ publisher }) => publisher.release(indicators(2), { cms: (file) => badCMS.foreign(publisher, file) }),
  ],
  [
    "evidence by an expired certificate",
    "CERTIFICATE_EXPIRED",
    ({ publisher }) => publisher.release(indicators(2), { cms: (file) => badCMS.expired(publisher, file) }),
  ],
  [
    "evidence by a certificate for TLS servers",
    "CERTIFICATE_USAGE",
    ({ publisher }) =>
      publisher.release(indicators(2), { cms: (file) => badCMS.serverAuth(publisher, file) }),
  ],
  [
    "evidence without a time-stamp",
    "TIMESTAMP_MISSING",
    ({ publisher }) => publisher.release(indicators(2), { cms: (file) => badCMS.unstamped(publisher, file) }),
  ],
  // --- the packs ----------------------------------------------------------------------------------
  ["a changed byte in every pack", "PACK_DIGEST_MISMATCH", after(serve(/\.rmp$/, flipped(40)))],
  [
    "packs cut short",
    "PACK_DIGEST_MISMATCH",
    after(
      serve(
        /\.rmp$/,
        instead((bytes) => bytes.subarray(0, -1)),
      ),
    ),
  ],
  [
    "packs with a byte too many",
    "FETCH_TOO_LARGE",
    after(
      serve(
        /\.rmp$/,
        instead((bytes) => Buffer.concat([bytes, bytes])),
      ),
    ),
  ],
  ["packs without end", "FETCH_TOO_LARGE", after(serve(/\.rmp$/, endless))],
  ["packs that never come", "FETCH_FAILED", after(serve(/\.rmp$/, silent))],
  ["packs that are gone", "FETCH_NOT_FOUND", after(serve(/\.rmp$/, missing))],
  ["connections cut at every pack", "FETCH_FAILED", after(serve(/\.rmp$/, broken))],
  // SPEC §8.4.4, §4.2.2: the manifest is believed, not what a pack makes.
  [
    "a database other than the manifest's, in a pack that is the manifest's",
    "DATABASE_DIGEST_MISMATCH",
    ({ publisher }) => publisher.release(indicators(2), { deltasFrom: [], manifest: lyingAboutTheResult }),
  ],
  [
    "a pack that is shorter than the manifest says",
    "PACK_DIGEST_MISMATCH",
    described(({ bytes }) => ({ bytes: bytes + 1 })),
  ],
  [
    "a pack that is longer than the manifest says",
    "FETCH_TOO_LARGE",
    described(({ bytes }) => ({ bytes: bytes - 1 })),
  ],
];
