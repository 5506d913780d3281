/** `rulemint pki`: files from the command line, put before the verifier. No network, no state. */
import { systemClock } from "../adapters/clock/system.js";
import { judgeCertificate } from "../audit/verify-certificate.js";
import { judgeCMS } from "../audit/verify-cms.js";
import { describeVerdict } from "../cli/describe-verdict.js";
import type { PKIVerifyCMSOptions, PKIVerifyOptions, Report } from "../cli/doors.js";
import { byteString } from "../core/encoding/bytes.js";
import { tags } from "../core/encoding/der.js";
import { formatPEM, parsePEM } from "../core/encoding/pem.js";
import { UsageError } from "../core/errors.js";
import { oids } from "../core/pki/oids.js";
import { ocspChoice } from "../core/pki/revocation-data.js";
import { defaultRevocationPolicy } from "../core/pki/revocation-rules.js";
import { parsePolicy } from "../core/trust/policy.js";
import type { SignaturePolicy } from "../core/trust/model.js";
import { readInput } from "./compose-endpoint.js";

/** SPEC §6.4. */
const rsaBitsMin = 3072;

export async function verifyCertificateFile(options: PKIVerifyOptions): Promise<Report> {
  const [leaf, ...others] = read([options.leaf], "CERTIFICATE");
  const { acceptable, explicit } = options;
  const now = systemClock.now();
  const items = revocationItems(options);
  const verdict = await judgeCertificate({
    leaf: leaf as Uint8Array,
    // A chain file is the leaf and then what helps to find its path.
    intermediates: [...others, ...read(options.intermediates, "CERTIFICATE")],
    anchors: read(options.anchors, "CERTIFICATE"),
    revocationItems: items,
    ...{
      at: options.at ?? now,
      now: options.at ?? now,
      purpose: purposes.get(options.purpose) ?? options.purpose,
    },
    ...{ sealPolicies: options.sealPolicies, sealPurposes: options.sealPurposes },
    policies: { ...(acceptable.length > 0 && { acceptable }), explicit: explicit || acceptable.length > 0 },
    revocation: { ...defaultRevocationPolicy, required: items.length > 0 },
    rsaBitsMin,
  });
  return { ok: verdict.verdict === "proven", json: verdict, text: describeVerdict(verdict) };
}

export async function verifyCMSFile(options: PKIVerifyCMSOptions): Promise<Report> {
  const [cms, more] = read([options.signature], "CMS");
  if (more !== undefined) throw new UsageError("USAGE", "expected one signature in the file, got more");
  const verdict = await judgeCMS({
    content: readInput(options.content),
    ...{ cms: cms as Uint8Array, policy: policyOf(options), now: options.at ?? systemClock.now() },
    revocationItems: revocationItems(options),
  });
  return { ok: verdict.verdict === "proven", json: verdict, text: describeVerdict(verdict) };
}

/** Purposes by other names. Those that have a profile are held to it under any name. */
const purposes = new Map<string, string>([
  [oids.codeSigning, "code-signing"],
  [oids.timeStamping, "time-stamping"],
  ["server", oids.serverAuth],
  ["client", oids.clientAuth],
]);

/** The customer's file, or one made of the options. */
function policyOf(options: PKIVerifyCMSOptions): SignaturePolicy {
  if (options.policy !== undefined) return parsePolicy(readInput(options.policy));
  const { organization, organizationIdentifier, profile, sealPolicies, sealPurposes } = options;
  const pems = (paths: readonly string[]) =>
    read(paths, "CERTIFICATE").map((der) => formatPEM(der, "CERTIFICATE"));
  const policy = {
    ...{ schema: 1, country: "CH", organization, organizationIdentifier, profile },
    codeSigningAnchors: pems(options.anchors),
    timeStampingAnchors: pems(options.tsaAnchors),
    ...(sealPolicies.length > 0 && { sealPolicies }),
    ...(sealPurposes.length > 0 && { sealPurposes }),
  };
  const parsed = parsePolicy(new TextEncoder().encode(JSON.stringify(policy)));
  return { ...parsed, revocation: { ...defaultRevocationPolicy, required: options.revocationRequired } };
}

/** As they travel. */
const revocationItems = ({ crls, ocsp }: Pick<PKIVerifyOptions, "crls" | "ocsp">): Uint8Array[] => [
  ...read(crls, "X509 CRL"),
  ...ocsp.map((path) => ocspChoice(readInput(path))),
];

/** DER as it is, or PEM with this label. */
function read(paths: readonly string[], label: string): Uint8Array[] {
  return paths.flatMap((path) => {
    const bytes = readInput(path);
    return bytes[0] === tags.sequence ? [bytes] : parsePEM(byteString(bytes), label);
  });
}
