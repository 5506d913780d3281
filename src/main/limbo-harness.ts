/**
 * x509-limbo's harness protocol, so that any suite in that form can be run against our verifier. Cases that differ in the match of a
 * host name alone are skipped: our certificates name organisations, not hosts.
 */
import { text } from "node:stream/consumers";
import { judgeCertificate } from "../audit/verify-certificate.js";
import { parsePEM } from "../core/encoding/pem.js";
import { VerificationError } from "../core/errors.js";
import { parseCertificate } from "../core/pki/certificate.js";
import { oids } from "../core/pki/oids.js";
import { version } from "../core/version.js";

export interface LimboCase {
  readonly id: string;
  readonly validation_kind: "SERVER" | "CLIENT";
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly crls?: readonly string[];
  readonly validation_time: string | null;
  readonly extended_key_usage: readonly string[];
  readonly expected_peer_name: { readonly kind: string; readonly value: string } | null;
  readonly max_chain_depth: number | null;
}

export interface LimboResult {
  readonly id: string;
  readonly actual_result: "SUCCESS" | "FAILURE" | "SKIPPED";
  /** Our code and message; for a path, its names. */
  readonly context: string;
}

/** The field's own habits, which are not ours: keys of the public web, long paths, lists that live for years. */
const rsaBitsMin = 2048;
const lengthMax = 12;
const daysMax = 400_000;

const purposes = new Map<string, string>([
  ["serverAuth", oids.serverAuth],
  ["clientAuth", oids.clientAuth],
  ["codeSigning", oids.codeSigning],
  ["timeStamping", oids.timeStamping],
]);

export async function runLimbo(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Promise<void> {
  const { testcases } = JSON.parse(await text(input)) as { testcases: LimboCase[] };
  const results: LimboResult[] = [];
  for (const one of testcases) results.push(await judgeLimboCase(one));
  output.write(`${JSON.stringify({ harness: "rulemint", version, results }, null, 2)}\n`);
}

export async function judgeLimboCase(one: LimboCase): Promise<LimboResult> {
  const { id } = one;
  const asked = one.extended_key_usage.map((name) => purposes.get(name) ?? name);
  // Without a purpose in the case, its kind names one: a leaf for nothing in particular is never accepted.
  const wanted =
    asked.length > 0 ? asked : [one.validation_kind === "CLIENT" ? oids.clientAuth : oids.serverAuth];
  for (const purpose of wanted) {
    const refusal = await refusalOf(one, purpose);
    if (refusal !== undefined) return { id, actual_result: "FAILURE", context: refusal };
  }
  return turnsOnHostName(one)
    ? { id, actual_result: "SKIPPED", context: "a path was found; host names are not matched here" }
    : { id, actual_result: "SUCCESS", context: "a path was found" };
}

async function refusalOf(one: LimboCase, purpose: string): Promise<string | undefined> {
  const ders = (pems: readonly string[], label: string) => pems.flatMap((pem) => parsePEM(pem, label));
  const at = one.validation_time === null ? new Date() : new Date(one.validation_time);
  const lists = one.crls ?? [];
  try {
    const { verdict, checks } = await judgeCertificate({
      leaf: ders([one.peer_certificate], "CERTIFICATE")[0] as Uint8Array,
      intermediates: ders(one.untrusted_intermediates, "CERTIFICATE"),
      anchors: ders(one.trusted_certs, "CERTIFICATE"),
      revocationItems: ders(lists, "X509 CRL"),
      ...{ at, now: at, purpose, rsaBitsMin, lengthMax },
      revocation: {
        ...{ required: lists.length > 0, leafDaysMax: daysMax, authorityDaysMax: daysMax },
        keyCompromise: "from-its-date",
      },
      ...(one.max_chain_depth !== null && { intermediatesMax: one.max_chain_depth }),
    });
    const last = checks.at(-1);
    return verdict === "proven" ? undefined : `${last?.code}: ${last?.evidence.join("; ")}`;
  } catch (cause) {
    if (cause instanceof VerificationError) return `${cause.code}: ${cause.message}`;
    throw cause;
  }
}

/** The suite's own groups about host names, and leaves that do not name the peer at all. */
function turnsOnHostName({ id, peer_certificate, expected_peer_name: peer }: LimboCase): boolean {
  if (/::(cn|san)::/.test(id)) return true;
  if (peer === null) return false;
  const { extensions } = parseCertificate(parsePEM(peer_certificate, "CERTIFICATE")[0] as Uint8Array);
  const above = peer.value.replace(/^[^.]*/, "*");
  return !(extensions.subjectAltName ?? []).some(({ form, octets, text: known }) =>
    form === "ip" ? isAddress(octets, peer.value) : known === peer.value || known === above,
  );
}

/** The address in both usual spellings, the shortest one for IPv6. */
function isAddress(octets: Uint8Array, value: string): boolean {
  if (octets.length === 4) return octets.join(".") === value;
  const groups = Array.from(
    { length: 8 },
    (_, i) => ((octets[2 * i] as number) << 8) | (octets[2 * i + 1] as number),
  );
  const url = (host: string): string => new URL(`http://[${host}]`).hostname;
  return value.includes(":") && url(groups.map((group) => group.toString(16)).join(":")) === url(value);
}
