/** Attestations about the sample manifest, for tests to bend. */
import type { Sha256Hex } from "../../../../src/core/brands.js";
import type { JSONObject } from "../../../../src/core/encoding/json.js";
import { formatManifest } from "../../../../src/core/release/manifest.js";
import type { DSSEEnvelope } from "../../../../src/core/trust/attest/dsse.js";
import { signedPartDigest } from "../../../../src/core/trust/attest/release-subjects.js";
import { signStatement } from "../../../../src/core/trust/attest/sign-statement.js";
import type { Statement } from "../../../../src/core/trust/attest/statement.js";
import { type VerdictFacts, verdictFor } from "../../../../src/core/trust/attest/verdict.js";
import type { Manifest } from "../../../../src/core/trust/model.js";
import type { TestSigner } from "../../../simulator/test-signer.js";
import { sampleManifest } from "../sample-manifest.js";

export interface VerdictChoices extends Partial<VerdictFacts> {
  /** Changes the statement before it is signed. */
  readonly bend?: (statement: Statement) => Statement;
}

export async function digestOfSigned(manifest: Manifest): Promise<Sha256Hex> {
  return signedPartDigest(formatManifest(manifest));
}

export async function verdictBy(signer: TestSigner, choices: VerdictChoices = {}): Promise<DSSEEnvelope> {
  const { bend = (same) => same, ...facts } = choices;
  const manifest = facts.manifest ?? sampleManifest();
  const statement = await verdictFor({
    manifest,
    signedSha256: await digestOfSigned(manifest),
    result: "PASSED",
    explanation: "rebuilt",
    paths: ["rulemint"],
    timeVerified: "2026-11-22T00:10:00Z",
    spki: signer.spki,
    ...facts,
  });
  return signStatement(bend(statement), signer);
}

export function withPredicate(statement: Statement, change: JSONObject): Statement {
  return { ...statement, predicate: { ...statement.predicate, ...change } };
}
