/**
 * DSSE 1.0.2: an envelope around the exact bytes of a payload, and the signatures over them.
 *
 *   {"payload": base64, "payloadType": text, "signatures": [{"keyid": text, "sig": base64}, …]}
 *   signed: "DSSEv1" SP bytes(payloadType) SP payloadType SP bytes(payload) SP payload
 *
 * What is signed begins with `DSSEv1 `, TUF's canonical JSON with `{`, CMS attributes with 31: no signature of a key that makes all
 * three can be passed off as another kind. A key id is a hint and decides nothing.
 */
import { base64Bytes, base64Text, concatBytes, utf8Bytes } from "../../encoding/bytes.js";
import { type JSONValue, isJSONObject, parseJSON } from "../../encoding/json.js";
import { VerificationError, quote } from "../../errors.js";
import { limits } from "../../limits.js";
import { keyIdentity, verifyTUFSignature } from "../keys.js";
import type { TUFKey } from "../model.js";

export interface DSSEEnvelope {
  readonly payloadType: string;
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly signatures: readonly DSSESignature[];
}

export interface DSSESignature {
  readonly keyid: string;
  readonly sig: Uint8Array<ArrayBuffer>;
}

/** What is signed. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const type = utf8Bytes(payloadType);
  return concatBytes(utf8Bytes(`DSSEv1 ${type.length} `), type, utf8Bytes(` ${payload.length} `), payload);
}

/** One line of JSON, ended by a line feed. */
export function formatDSSE({ payloadType, payload, signatures }: DSSEEnvelope): Uint8Array<ArrayBuffer> {
  const listed = signatures.map(({ keyid, sig }) => ({ keyid, sig: base64Text(sig) }));
  return utf8Bytes(`${JSON.stringify({ payloadType, payload: base64Text(payload), signatures: listed })}\n`);
}

/** SPEC §12.1.1, §12.1.2. @throws VerificationError ATTESTATION_MALFORMED, LIMIT_EXCEEDED, JSON_MALFORMED, TEXT_NOT_UTF8 */
export function parseDSSE(bytes: Uint8Array): DSSEEnvelope {
  if (bytes.length > limits.attestationBytesMax) {
    throw new VerificationError(
      "LIMIT_EXCEEDED",
      `expected an attestation of at most ${limits.attestationBytesMax} bytes, got ${bytes.length}`,
    );
  }
  return readDSSE(parseJSON(bytes));
}

/** An envelope that stands inside another document. @throws VerificationError ATTESTATION_MALFORMED */
export function readDSSE(document: JSONValue | undefined): DSSEEnvelope {
  if (!isJSONObject(document)) throw malformed("an envelope", document);
  const { payload, payloadType, signatures } = document;
  if (typeof payloadType !== "string" || payloadType === "") throw malformed("payloadType", payloadType);
  if (!Array.isArray(signatures) || signatures.length === 0) throw malformed("signatures", signatures);
  if (signatures.length > limits.attestationSignaturesMax) {
    throw malformed(`at most ${limits.attestationSignaturesMax} signatures`, signatures.length);
  }
  return { payloadType, payload: binary(payload, "payload"), signatures: signatures.map(readSignature) };
}

function readSignature(value: JSONValue): DSSESignature {
  if (!isJSONObject(value)) throw malformed("a signature", value);
  const { keyid = "", sig } = value;
  if (typeof keyid !== "string") throw malformed("a key id", keyid);
  return { keyid, sig: binary(sig, "a signature") };
}

/** DSSE lets both alphabets of base64 stand; within one, a value has one form. */
function binary(value: JSONValue | undefined, what: string): Uint8Array<ArrayBuffer> {
  if (typeof value !== "string") throw malformed(what, value);
  try {
    return base64Bytes(value.replaceAll("-", "+").replaceAll("_", "/"));
  } catch (cause) {
    throw new VerificationError("ATTESTATION_MALFORMED", `expected ${what} in base64`, { cause });
  }
}

/** SPEC §12.1.3: the identities (hexadecimal SPKI) of the keys that signed, each once; the bytes verified are the bytes in hand. */
export async function dsseSigners(envelope: DSSEEnvelope, keys: readonly TUFKey[]): Promise<Set<string>> {
  const message = preAuthEncoding(envelope.payloadType, envelope.payload);
  const found = new Set<string>();
  for (const key of keys) {
    const identity = await keyIdentity(key);
    if (identity === undefined || found.has(identity)) continue;
    for (const { sig } of envelope.signatures) {
      if (await verifyTUFSignature(key, message, sig)) found.add(identity);
    }
  }
  return found;
}

export function malformed(expected: string, got: unknown): VerificationError {
  return new VerificationError(
    "ATTESTATION_MALFORMED",
    `expected ${expected} in an attestation, got ${quote(JSON.stringify(got) ?? "nothing")}`,
  );
}
