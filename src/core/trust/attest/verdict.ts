/**
 * A rebuild verdict: SLSA verification summary v1 (VSA), by an overseer or any other rebuilder, about one manifest. PASSED says that
 * its signer rebuilt the release and found what the manifest says; FAILED, that it did not.
 */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../../brands.js";
import type { JSONObject, JSONValue } from "../../encoding/json.js";
import { isJSONObject } from "../../encoding/json.js";
import type { Manifest } from "../model.js";
import { type DSSEEnvelope, malformed } from "./dsse.js";
import { keyURI, releaseSubjects, releaseURI } from "./release-subjects.js";
import { type Statement, type Subject, parseStatement, statementText } from "./statement.js";

export const verdictType = "https://slsa.dev/verification_summary/v1";
/** SPEC §12.4.2: what PASSED stands for. */
export const rebuildLevels = {
  /** The same compiler on another machine: database and every pack byte for byte. */
  rulemint: "RULEMINT_REBUILT",
  /** The other implementation: database and full pack byte for byte, every delta applied. */
  reference: "RULEMINT_REBUILT_BY_REFERENCE",
} as const;
export type CompilerPath = keyof typeof rebuildLevels;

export interface RebuildVerdict {
  readonly result: "PASSED" | "FAILED";
  readonly resourceUri: string;
  readonly subjects: readonly Subject[];
  readonly verifierID: string;
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly timeVerified: string;
  readonly levels: readonly string[];
  /** With FAILED: the first difference. */
  readonly explanation: string;
}

export interface VerdictFacts {
  readonly manifest: Manifest;
  readonly signedSha256: Sha256Hex;
  readonly result: RebuildVerdict["result"];
  readonly explanation: string;
  readonly paths: readonly CompilerPath[];
  readonly timeVerified: string;
  /** The rebuilder's public key. */
  readonly spki: Uint8Array;
  /** Of the builder's provenance, as an envelope, when it was checked. */
  readonly provenanceSha256?: Sha256Hex | undefined;
  /** Of the source map that the rebuilder made itself, when it vouches for that as well. */
  readonly sourceMapSha256?: Sha256Hex | undefined;
}

/** SPEC §12.4.1 */
export async function verdictFor(facts: VerdictFacts): Promise<Statement> {
  const { manifest, result, paths, provenanceSha256: provenance } = facts;
  const levels = result === "PASSED" ? paths.map((path) => rebuildLevels[path]) : ["FAILED"];
  // SPEC §12.4.5
  const map = facts.sourceMapSha256 && { name: mapName(manifest.block), sha256: facts.sourceMapSha256 };
  return {
    subjects: [...releaseSubjects(manifest, facts.signedSha256), ...(map ? [map] : [])],
    predicateType: verdictType,
    predicate: {
      verifier: { id: await keyURI(facts.spki) },
      timeVerified: facts.timeVerified,
      resourceUri: releaseURI(manifest.block),
      policy: { uri: "rulemint:assay/v1" },
      inputAttestations:
        provenance === undefined ? [] : [{ uri: "rulemint:provenance", digest: { sha256: provenance } }],
      verificationResult: result,
      verifiedLevels: levels,
      slsaVersion: "1.0",
      rulemint_explanation: statementText(facts.explanation),
    },
  };
}

/** SPEC §12.4.3. Nothing is verified here. @throws VerificationError ATTESTATION_MALFORMED, JSON_MALFORMED, TEXT_NOT_UTF8 */
export function parseVerdict(envelope: DSSEEnvelope): RebuildVerdict {
  const { subjects, predicateType, predicate } = parseStatement(envelope);
  if (predicateType !== verdictType) throw malformed(verdictType, predicateType);
  const { verificationResult: result, verifiedLevels } = predicate;
  if (result !== "PASSED" && result !== "FAILED") throw malformed("PASSED or FAILED", result);
  if (!Array.isArray(verifiedLevels)) throw malformed("verifiedLevels", verifiedLevels);
  const { rulemint_explanation: explanation = "" } = predicate;
  return {
    result,
    resourceUri: text(predicate.resourceUri, "resourceUri"),
    subjects,
    verifierID: text(member(predicate, "verifier").id, "verifier.id"),
    timeVerified: text(predicate.timeVerified, "timeVerified"),
    levels: verifiedLevels.map((level) => text(level, "a level")),
    explanation: text(explanation, "rulemint_explanation"),
  };
}

/** SPEC §12.4.4: the verdict of a rebuild on this manifest, whoever signed it. */
export function isVerdictOn(
  verdict: RebuildVerdict,
  release: { readonly feed: FeedName; readonly release: ReleaseNumber; readonly signedSha256: string },
): boolean {
  const rebuilt = Object.values(rebuildLevels).some((level) => verdict.levels.includes(level));
  return (
    verdict.resourceUri === releaseURI(release) &&
    verdict.subjects.some(({ sha256 }) => sha256 === release.signedSha256) &&
    (verdict.result === "FAILED" || rebuilt)
  );
}

/** SPEC §12.4.5: of the map that a PASSED names; undefined when it names none. */
export function sourceMapIn(
  { result, subjects }: Pick<RebuildVerdict, "result" | "subjects">,
  release: { readonly feed: FeedName; readonly release: ReleaseNumber },
): Sha256Hex | undefined {
  const named = subjects.find(({ name }) => name === mapName(release));
  return result === "PASSED" ? named?.sha256 : undefined;
}

function mapName({ feed, release }: { readonly feed: FeedName; readonly release: ReleaseNumber }): string {
  return `${feed}/${release}.source-map`;
}

function member(predicate: JSONObject, name: string): JSONObject {
  const value = predicate[name];
  if (!isJSONObject(value)) throw malformed(name, value);
  return value;
}

function text(value: JSONValue | undefined, what: string): string {
  if (typeof value !== "string") throw malformed(what, value);
  return value;
}
