/**
 * The signature policy as bytes: the `x-rulemint` member of a TUF root, and a `policy.json` that a customer brings.
 * Both hold the same object; what the customer brings wins.
 */
import { type JSONObject, type JSONValue, parseJSON } from "../encoding/json.js";
import { parsePEM } from "../encoding/pem.js";
import { VerificationError, quote } from "../errors.js";
import { mldsaPublicKey } from "./mldsa.js";
import { type LogDemand, parseLogPolicy } from "../log/log-policy.js";
import type { RevocationPolicy } from "../pki/model.js";
import { refusal } from "../pki/failure.js";
import { defaultRevocationPolicy } from "../pki/revocation-rules.js";
import type { Root } from "./metadata.js";
import { array, object, text } from "./metadata.js";
import type { SignaturePolicy } from "./model.js";
import { readRebuilderPolicy } from "./rebuild-quorum.js";

/** @throws VerificationError METADATA_MALFORMED, JSON_MALFORMED, ENCODING_MALFORMED, LOG_POLICY_MALFORMED; PolicyError SWISS_POLICY */
export function parsePolicy(bytes: Uint8Array): SignaturePolicy {
  return readPolicy(parseJSON(bytes));
}

/** Undefined when the root carries none. @throws VerificationError METADATA_MALFORMED */
export function policyOfRoot(root: Root): SignaturePolicy | undefined {
  if (root.extension === undefined) return undefined;
  const extension = object(root.extension, "x-rulemint");
  requireSchema(extension.schema);
  return extension.policy === undefined ? undefined : readPolicy(extension.policy);
}

/**
 * SPEC §5.5.3, §5.5.7: the customer's own policy wins over the root's; the root's demand for a log stays where the own one does
 * not speak of logs. Undefined when neither is there. @throws VerificationError METADATA_MALFORMED, LOG_POLICY_MALFORMED
 */
export function policyInForce(root: Root, own: SignaturePolicy | undefined): SignaturePolicy | undefined {
  const theirs = policyOfRoot(root);
  if (own === undefined || own.log !== undefined || theirs?.log === undefined) return own ?? theirs;
  return { ...own, log: theirs.log };
}

function readPolicy(value: JSONValue): SignaturePolicy {
  const policy = object(value, "a signature policy");
  requireSchema(policy.schema);
  if (policy.country !== "CH") throw malformed("country CH", policy.country);
  return {
    schema: 1,
    codeSigningAnchors: anchors(policy.codeSigningAnchors, "codeSigningAnchors"),
    timeStampingAnchors: anchors(policy.timeStampingAnchors, "timeStampingAnchors"),
    country: "CH",
    ...optionalText(policy.organization, "organization"),
    ...optionalText(policy.organizationIdentifier, "organizationIdentifier"),
    ...(policy.revocation !== undefined && { revocation: revocationPolicy(policy.revocation) }),
    ...signerProfile(policy),
    ...secondSignature(policy),
    ...(policy.rebuilders !== undefined && { rebuilders: readRebuilderPolicy(policy.rebuilders) }),
    ...(policy.log !== undefined && { log: logDemand(policy.log) }),
  };
}

/** SPEC §5.5.6. */
function logDemand(value: JSONValue): LogDemand | "not-required-unsafe" {
  if (value === "not-required-unsafe") return value;
  const { policy, cosignatureHoursMax: hours } = object(value, "log");
  const demand = { policy: text(policy, "a log policy") };
  parseLogPolicy(demand.policy);
  if (hours === undefined) return demand;
  if (typeof hours !== "number" || hours < 1 || hours > 87_840)
    throw malformed("hours from 1 to 87840", hours);
  return { ...demand, cosignatureHoursMax: hours };
}

/** SPEC §5.5.4: a demand that no key can meet would refuse everything, so it is no policy. */
function secondSignature({
  postQuantum,
  postQuantumKeys,
}: JSONObject): Pick<SignaturePolicy, "postQuantum" | "postQuantumKeys"> {
  if (postQuantum !== undefined && postQuantum !== "required" && postQuantum !== "when-announced") {
    throw malformed("postQuantum required or when-announced", postQuantum);
  }
  const keys = postQuantumKeys === undefined ? [] : array(postQuantumKeys, "postQuantumKeys", 8);
  const pems = keys.map((pem) => text(pem, "postQuantumKeys"));
  for (const pem of pems) mldsaPublicKey(pem);
  if (postQuantum === "required" && pems.length === 0) throw malformed("postQuantumKeys", pems);
  return {
    ...(postQuantum !== undefined && { postQuantum }),
    ...(pems.length > 0 && { postQuantumKeys: pems }),
  };
}

/** SPEC §5.5.9: a seal belongs to one organisation and is issued under a policy for seals; other profiles name no such policies. */
function signerProfile({
  profile,
  organizationIdentifier,
  sealPolicies,
  sealPurposes,
}: JSONObject): Pick<SignaturePolicy, "profile" | "sealPolicies" | "sealPurposes"> {
  if (profile !== undefined && profile !== "code-signing" && profile !== "regulated-seal") {
    throw malformed("profile code-signing or regulated-seal", profile);
  }
  const isSeal = profile === "regulated-seal";
  if (isSeal && organizationIdentifier === undefined) {
    throw refusal("SWISS_POLICY", "an organizationIdentifier in a policy for seals", "none");
  }
  if (isSeal !== (sealPolicies !== undefined) || (!isSeal && sealPurposes !== undefined)) {
    throw malformed("sealPolicies, and perhaps sealPurposes, with regulated-seal", sealPolicies);
  }
  return {
    ...(profile !== undefined && { profile }),
    ...(sealPolicies !== undefined && { sealPolicies: objectIDs(sealPolicies, "sealPolicies") }),
    ...(sealPurposes !== undefined && { sealPurposes: objectIDs(sealPurposes, "sealPurposes") }),
  };
}

function objectIDs(value: JSONValue, name: string): string[] {
  const ids = array(value, name, 32).map((id) => text(id, name));
  const odd = ids.find((id) => !/^[0-2](\.(0|[1-9]\d{0,38})){1,30}$/.test(id));
  if (ids.length === 0 || odd !== undefined) throw malformed(`object identifiers in ${name}`, odd ?? ids);
  return ids;
}

/** SPEC §6.8.2: what is left out is as in the default, which asks for evidence. */
function revocationPolicy(value: JSONValue): RevocationPolicy {
  const given = { ...defaultRevocationPolicy, ...object(value, "revocation") };
  const { required, leafDaysMax, authorityDaysMax, keyCompromise } = given;
  if (typeof required !== "boolean") throw malformed("revocation required or not", required);
  for (const days of [leafDaysMax, authorityDaysMax]) {
    if (typeof days !== "number" || days < 1 || days > 3660) throw malformed("days from 1 to 3660", days);
  }
  if (keyCompromise !== "from-its-date" && keyCompromise !== "refuse-all") {
    throw malformed("keyCompromise from-its-date or refuse-all", keyCompromise);
  }
  return {
    required,
    leafDaysMax: Number(leafDaysMax),
    authorityDaysMax: Number(authorityDaysMax),
    keyCompromise,
  };
}

/** SPEC §5.5.2: at least one anchor for each purpose; a policy without one would refuse everything or, worse, nothing. */
function anchors(value: JSONValue | undefined, name: string): string[] {
  const pems = array(value, name, 32).map((pem) => text(pem, name));
  if (pems.length === 0) throw malformed(`at least one of ${name}`, pems);
  for (const pem of pems) parsePEM(pem, "CERTIFICATE");
  return pems;
}

function optionalText<N extends string>(value: JSONValue | undefined, name: N): { [K in N]?: string } {
  return value === undefined ? {} : ({ [name]: text(value, name) } as { [K in N]?: string });
}

function requireSchema(value: JSONValue | undefined): void {
  if (value !== 1) throw malformed("schema 1", value);
}

function malformed(expected: string, got: unknown): VerificationError {
  return new VerificationError(
    "METADATA_MALFORMED",
    `expected ${expected}, got ${quote(JSON.stringify(got) ?? "nothing")}`,
  );
}
