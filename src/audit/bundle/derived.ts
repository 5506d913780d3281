/**
 * What a bundle holds for strangers' tools although it stands elsewhere in it already: anchors as openssl reads them, the two chains, the
 * time-stamp token, the revocation lists, the rules that changed. A verifier makes these files again and compares.
 */
import type { Sha256Hex } from "../../core/brands.js";
import { hexText, utf8Bytes } from "../../core/encoding/bytes.js";
import type { JSONValue } from "../../core/encoding/json.js";
import { formatPEM, parsePEM } from "../../core/encoding/pem.js";
import { sha256 } from "../../core/encoding/sha256.js";
import { VerificationError } from "../../core/errors.js";
import type { Certificate } from "../../core/pki/certificate.js";
import { parseSignedData } from "../../core/pki/cms.js";
import { oids } from "../../core/pki/oids.js";
import { parseRevocationData } from "../../core/pki/revocation-data.js";
import { type RuleChanges, describeRuleChanges, formatRuleChanges } from "../../core/release/rule-changes.js";
import { object, parseEnvelope } from "../../core/trust/metadata.js";
import type { ProvenSignature, SignaturePolicy } from "../../core/trust/model.js";
import { type BundleFile, bundlePaths, formatBundleIndex, listMember, responseMember } from "./layout.js";

export interface DerivedFrom {
  /** The last of the chain. */
  readonly root: Uint8Array;
  /** The one that this root carries. */
  readonly policy: SignaturePolicy;
  readonly cms: Uint8Array;
  /** Proven without revocation data from elsewhere. */
  readonly signature: Pick<ProvenSignature, "paths" | "revocationItems">;
  readonly changes: RuleChanges;
}

/** SPEC §14.3.4 */
export async function derivedFiles(from: DerivedFrom): Promise<BundleFile[]> {
  const { changes, signature, policy } = from;
  const [signer = [], authority = []] = signature.paths;
  const files: [string, Uint8Array][] = [
    [bundlePaths.index, formatBundleIndex(changes)],
    [bundlePaths.policy, policyText(from.root)],
    [bundlePaths.anchors, anchorsText(policy)],
    [bundlePaths.signerChain, chainText(signer)],
    [bundlePaths.authorityChain, chainText(authority)],
    [bundlePaths.token, timestampTokenOf(from.cms)],
    [bundlePaths.changes, formatRuleChanges(changes)],
    [bundlePaths.changesPage, describeRuleChanges(changes)],
  ];
  const { lists, responses } = parseRevocationData(signature.revocationItems);
  for (const { der } of lists) files.push([listMember(hexText(await sha256(der))), der]);
  for (const { der } of responses) files.push([responseMember(hexText(await sha256(der))), der]);
  return Promise.all([...new Map(files)].map(([path, bytes]) => inMemory(path, bytes)));
}

export async function inMemory(path: string, bytes: Uint8Array): Promise<BundleFile> {
  const digest = hexText(await sha256(bytes)) as Sha256Hex;
  return { path, bytes: bytes.length, sha256: digest, read: async () => bytes };
}

function policyText(root: Uint8Array): Uint8Array {
  const extension = object(parseEnvelope(root, "root").signed["x-rulemint"], "x-rulemint");
  return utf8Bytes(`${JSON.stringify(extension.policy as JSONValue, null, 2)}\n`);
}

function anchorsText({ codeSigningAnchors, timeStampingAnchors }: SignaturePolicy): Uint8Array {
  const certificates = [...codeSigningAnchors, ...timeStampingAnchors].flatMap((pem) =>
    parsePEM(pem, "CERTIFICATE"),
  );
  return utf8Bytes(certificates.map((der) => formatPEM(der, "CERTIFICATE")).join(""));
}

/** Leaf first, anchor last. */
function chainText(path: readonly Certificate[]): Uint8Array {
  return utf8Bytes(path.map(({ der }) => formatPEM(der, "CERTIFICATE")).join(""));
}

export function timestampTokenOf(cms: Uint8Array): Uint8Array {
  const token = parseSignedData(cms).signer.unsignedAttributes.get(oids.timestampToken);
  if (token === undefined)
    throw new VerificationError("TIMESTAMP_MISSING", "expected a time-stamp, got none");
  return token.bytes;
}
