/** Attestations as files, good and bent: the same bytes every time, because keys come from seeds and sign alike. Tests only. */
import { formatECDSASignature } from "../../../src/core/encoding/der-ecdsa.js";
import { base64Bytes, base64Text, utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import { encodeCanonicalJSON } from "../../../src/core/encoding/canonical-json.js";
import { formatPEM } from "../../../src/core/encoding/pem.js";
import type { ErrorCode } from "../../../src/core/errors.js";
import { formatManifest } from "../../../src/core/release/manifest.js";
import { type DSSEEnvelope, formatDSSE, preAuthEncoding } from "../../../src/core/trust/attest/dsse.js";
import { provenanceFor } from "../../../src/core/trust/attest/provenance.js";
import { signStatement } from "../../../src/core/trust/attest/sign-statement.js";
import { type Statement, formatStatement } from "../../../src/core/trust/attest/statement.js";
import { verdictBy, withPredicate } from "../../core/trust/attest/attestations.js";
import { sampleManifest } from "../../core/trust/sample-manifest.js";
import { seededSigner, type TestSigner } from "../../simulator/test-signer.js";

export const manifest = sampleManifest();
export const signed = formatManifest(manifest);
const payloadType = "application/vnd.in-toto+json";

/** The DSSE specification's own example: its key, and its signature as `r` and `s` one behind the other. */
export const specified = {
  type: "http://example.com/HelloWorld",
  payload: "hello world",
  encoded: "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
  x: 46950820868899156662930047687818585632848591499744589407958293238635476079160n,
  y: 5640078356564379163099075877009565129882514886557779369047442380624545832820n,
  signature: "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==",
} as const;

export function specifiedKey(): Uint8Array {
  const octets = (value: bigint) => Buffer.from(value.toString(16).padStart(64, "0"), "hex");
  const prefix = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d03010703420004", "hex");
  return Uint8Array.from(Buffer.concat([prefix, octets(specified.x), octets(specified.y)]));
}

type Judged = ErrorCode | "success";
type Case = readonly [
  judged: { readonly provenance: Judged; readonly verdict: Judged },
  why: string,
  text: string,
];

const everywhere = (code: Judged) => ({ provenance: code, verdict: code });
const good = everywhere("success");
const unsigned = { provenance: "ATTESTATION_SIGNATURE", verdict: "REBUILD_QUORUM" } as const;
/** Only a provenance has a reader that wants this very one; a verdict that cannot be read is passed over. */
const unread = { provenance: "ATTESTATION_MALFORMED", verdict: "REBUILD_QUORUM" } as const;
const malformed = everywhere("ATTESTATION_MALFORMED");

const bytesText = (envelope: DSSEEnvelope) => utf8Text(formatDSSE(envelope));

const only = (code: Judged, why: string, envelope: DSSEEnvelope): Case => [
  everywhere(code),
  why,
  bytesText(envelope),
];

/** The same bends for both kinds of statement. */
async function cases(statement: Statement, signer: TestSigner): Promise<Record<string, Case>> {
  const stranger = await seededSigner("dsse stranger", "ecdsa-p256-sha256");
  const made = await signStatement(statement, signer);
  const [signature] = made.signatures as [DSSEEnvelope["signatures"][number]];
  const garbage = { keyid: signature.keyid, sig: new Uint8Array(72).fill(0xa5) };
  const by = async (message: Uint8Array, key = signer) => new Uint8Array(await key.sign(message));
  const withSignatures = (...signatures: DSSEEnvelope["signatures"][number][]) =>
    bytesText({ ...made, signatures });
  const otherType = "application/vnd.in-toto+xml";
  const altered = utf8Bytes(utf8Text(made.payload).replaceAll("rulemint:endpoint/3", "rulemint:endpoint/4"));
  const text = bytesText(made);
  const url = JSON.stringify({
    ...(JSON.parse(text) as object),
    payload: base64Text(made.payload).replaceAll("+", "-").replaceAll("/", "_"),
  });
  const strangers = await by(preAuthEncoding(payloadType, made.payload), stranger);
  return {
    good: [good, "signed by the key that is asked for", text],
    "base64-url": [good, "DSSE lets both alphabets stand", `${url}\n`],
    "members-unknown": [good, "what nobody knows is passed over", text.replace("{", '{"more":[1],')],
    "key-id-unknown": [
      good,
      "a key id is a hint and decides nothing",
      withSignatures({ ...signature, keyid: stranger.keyid }),
    ],
    "key-id-empty": [good, "a key id may be left out", withSignatures({ ...signature, keyid: "" })],
    "second-signature-garbage": [
      good,
      "a signature that does not verify does not count",
      withSignatures(signature, garbage),
    ],
    "first-signature-garbage": [good, "nor does it hide the next", withSignatures(garbage, signature)],
    "second-signature-stranger": [
      good,
      "nor does one by a key that nobody asked about",
      withSignatures(signature, { keyid: stranger.keyid, sig: strangers }),
    ],
    "signature-garbage": [unsigned, "72 octets of A5", withSignatures(garbage)],
    "signature-empty": [unsigned, "no octets", withSignatures({ ...signature, sig: new Uint8Array(0) })],
    "signature-stranger": [
      unsigned,
      "a stranger's, under the key id that is asked for",
      withSignatures({ keyid: signature.keyid, sig: strangers }),
    ],
    "signature-over-the-payload-alone": [
      unsigned,
      "without its type and the lengths",
      withSignatures({ ...signature, sig: await by(made.payload) }),
    ],
    "payload-altered": [
      unsigned,
      "about release 4, under the signature over 3",
      bytesText({ ...made, payload: altered }),
    ],
    "payload-spaced": [
      unsigned,
      "the same JSON in other bytes",
      bytesText({ ...made, payload: utf8Bytes(` ${utf8Text(made.payload)}`) }),
    ],
    "payload-type-other": [
      unread,
      "another type, under the signature over ours",
      bytesText({ ...made, payloadType: otherType }),
    ],
    "payload-type-other-signed": [
      unread,
      "another type, signed as such",
      bytesText({
        ...{ payloadType: otherType, payload: made.payload },
        signatures: [{ ...signature, sig: await by(preAuthEncoding(otherType, made.payload)) }],
      }),
    ],
    "payload-type-missing": [malformed, "no type", text.replace(`"payloadType":"${payloadType}",`, "")],
    "payload-not-base64": [malformed, "a blank in base64", text.replace('"payload":"', '"payload":" ')],
    "signatures-none": [
      malformed,
      "an envelope is signed",
      text.replace(/"signatures":\[.*\]/, '"signatures":[]'),
    ],
    "signatures-17": [
      malformed,
      "at most 16",
      withSignatures(...Array.from({ length: 17 }, () => signature)),
    ],
    "statement-of-no-subject": [
      unread,
      "a statement is about something",
      bytesText(await signStatement({ ...statement, subjects: [] }, signer)),
    ],
  };
}

async function provenances(signer: TestSigner): Promise<Record<string, Case>> {
  const statement = await provenanceFor(manifest, signed, signer.spki);
  const definition = statement.predicate.buildDefinition as Record<string, never>;
  return {
    ...(await cases(statement, signer)),
    "other-parameters": only(
      "ATTESTATION_MISMATCH",
      "a parameter that the manifest does not have",
      await signStatement(
        withPredicate(statement, {
          buildDefinition: {
            ...definition,
            externalParameters: { feed: "endpoint", release: 3, flags: "-O0" },
          },
        }),
        signer,
      ),
    ),
  };
}

async function verdicts(signer: TestSigner): Promise<Record<string, Case>> {
  const failed = { result: "FAILED", explanation: "yara rule a differs" } as const;
  const other = sampleManifest({ expires: "2027-02-01T00:00:00Z" });
  return {
    ...(await cases(await statementOf(signer), signer)),
    failed: only("REBUILD_FAILED", "FAILED outweighs every PASSED", await verdictBy(signer, failed)),
    "failed-by-a-stranger": only(
      "REBUILD_QUORUM",
      "FAILED by a key that nobody asked about stops nothing, and is no PASSED",
      await verdictBy(await seededSigner("dsse stranger", "ecdsa-p256-sha256"), failed),
    ),
    "other-manifest": only(
      "REBUILD_QUORUM",
      "about another manifest of this release",
      await verdictBy(signer, { manifest: other }),
    ),
    "other-level": only(
      "REBUILD_QUORUM",
      "a level that says nothing of a rebuild",
      await verdictBy(signer, {
        bend: (one) => withPredicate(one, { verifiedLevels: ["SLSA_BUILD_LEVEL_3"] }),
      }),
    ),
  };
}

async function statementOf(signer: TestSigner): Promise<Statement> {
  let found: Statement | undefined;
  await verdictBy(signer, {
    bend: (one) => {
      found = one;
      return one;
    },
  });
  return found as Statement;
}

export async function makeVectors(): Promise<ReadonlyMap<string, Uint8Array>> {
  const [builder, overseer] = [
    await seededSigner("dsse builder", "ecdsa-p256-sha256"),
    await seededSigner("dsse overseer"),
  ];
  const files = new Map<string, Uint8Array>();
  const put = (path: string, content: string | Uint8Array) =>
    files.set(path, typeof content === "string" ? utf8Bytes(content) : content);
  put("keys/builder.pem", formatPEM(builder.spki, "PUBLIC KEY"));
  put("keys/overseer.pem", formatPEM(overseer.spki, "PUBLIC KEY"));
  put("subjects/manifest.signed", encodeCanonicalJSON(signed));
  const { type, payload, encoded, signature } = specified;
  put("specification/key.pem", formatPEM(specifiedKey(), "PUBLIC KEY"));
  put("specification/pae", encoded);
  const sig = formatECDSASignature(base64Bytes(signature));
  put(
    "specification/envelope.json",
    formatDSSE({ payloadType: type, payload: utf8Bytes(payload), signatures: [{ keyid: "", sig }] }),
  );
  for (const [kind, made] of [
    ["provenance", await provenances(builder)],
    ["verdict", await verdicts(overseer)],
  ] as const) {
    for (const [name, [judged, why, text]] of Object.entries(made)) {
      put(`${kind}/${name}.json`, text);
      put(`${kind}/${name}.expect`, `${judged[kind]}\n${why}\n`);
    }
  }
  put("provenance/good.statement.json", formatStatement(await provenanceFor(manifest, signed, builder.spki)));
  put("verdict/good.statement.json", formatStatement(await statementOf(overseer)));
  return files;
}
