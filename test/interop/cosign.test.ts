/** `cosign verify-blob-attestation` reads our provenance and our verdicts, and refuses what we refuse. Said plainly where it is absent. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/core/brands.js";
import { encodeCanonicalJSON } from "../../src/core/encoding/canonical-json.js";
import { formatPEM } from "../../src/core/encoding/pem.js";
import { formatManifest } from "../../src/core/release/manifest.js";
import { type DSSEEnvelope, formatDSSE } from "../../src/core/trust/attest/dsse.js";
import { provenanceFor } from "../../src/core/trust/attest/provenance.js";
import { signStatement } from "../../src/core/trust/attest/sign-statement.js";
import type { SignatureScheme } from "../../src/ports/signer.js";
import { verdictBy } from "../core/trust/attest/attestations.js";
import { sampleManifest } from "../core/trust/sample-manifest.js";
import { type TestSigner, testSigner } from "../simulator/test-signer.js";
import { peerProgram } from "../support/peers.js";
import { temporaryFolder } from "../support/temporary.js";

const cosign = peerProgram("cosign", "trixie");
const database = new TextEncoder().encode("RMDB, in place of a database\n");
const sha256 = sha256Hex(createHash("sha256").update(database).digest("hex"));
const { block, packs } = sampleManifest();
const manifest = sampleManifest({
  block: { ...block, database: { ...block.database, sha256 } },
  packs: packs.map((pack) => (pack.to === 3 ? { ...pack, databaseSha256: sha256 } : pack)),
});
const signed = formatManifest(manifest);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  writeFileSync(join(folder.path, "database"), database);
  writeFileSync(join(folder.path, "signed"), encodeCanonicalJSON(signed));
  writeFileSync(join(folder.path, "other"), "another file\n");
});
afterAll(() => folder.remove());

function verify(envelope: DSSEEnvelope, key: TestSigner, type: string, file: string) {
  const path = (name: string) => join(folder.path, name);
  writeFileSync(path("attestation"), formatDSSE(envelope));
  writeFileSync(path("key.pem"), formatPEM(key.spki, "PUBLIC KEY"));
  const run = spawnSync(
    cosign as string,
    [
      ...["verify-blob-attestation", "--key", path("key.pem"), "--signature", path("attestation")],
      ...["--type", type, "--insecure-ignore-tlog=true", path(file)],
    ],
    { encoding: "utf8" },
  );
  return { ok: run.status === 0, said: run.stderr };
}

const verdictType = "https://slsa.dev/verification_summary/v1";

describe.runIf(cosign !== undefined)("cosign", () => {
  it.each<SignatureScheme>(["ecdsa-p256-sha256", "ed25519"])(
    "SPEC §12.1.4 accepts provenance and verdict by %s, about the files that they are about",
    async (scheme) => {
      const [signer, stranger] = [await testSigner(scheme), await testSigner(scheme)];
      const provenance = await signStatement(await provenanceFor(manifest, signed, signer.spki), signer);
      const verdict = await verdictBy(signer, { manifest });
      for (const file of ["database", "signed"]) {
        expect(verify(provenance, signer, "slsaprovenance1", file)).toMatchObject({ ok: true });
        expect(verify(verdict, signer, verdictType, file)).toMatchObject({ ok: true });
      }
      expect(verify(verdict, signer, verdictType, "other").said).toMatch(
        /no matching subject digest|subject/i,
      );
      expect(verify(verdict, signer, verdictType, "other").ok).toBe(false);
      expect(verify(verdict, stranger, verdictType, "database").ok).toBe(false);
      expect(verify(verdict, signer, "slsaprovenance1", "database").ok).toBe(false);
    },
  );
});
