/**
 * Cosignatures with a time (C2SP tlog-cosignature, `cosignature/v1`): "at this time, the largest tree that I have seen of this
 * log, and that continues all I saw before, is this one".
 *
 *   octets 0..7    seconds since 1970, u64be
 *   octets 8..71   Ed25519 signature over `cosignature/v1`, `time <seconds>` and the checkpoint's text, a line each
 */
import { concatBytes, utf8Bytes } from "../encoding/bytes.js";
import { verifyEd25519 } from "./verifier-key.js";

export interface Cosignature {
  /** Seconds since 1970. */
  readonly time: number;
}

const lengthBytes = 72;

/** What a witness signs. `text` is the checkpoint's, without signature lines. */
export function cosignatureMessage(time: number, text: string): Uint8Array<ArrayBuffer> {
  return utf8Bytes(`cosignature/v1\ntime ${time}\n${text}`);
}

export function formatCosignature(time: number, signature: Uint8Array): Uint8Array<ArrayBuffer> {
  const seconds = new Uint8Array(8);
  new DataView(seconds.buffer).setBigUint64(0, BigInt(time));
  return concatBytes(seconds, signature);
}

/** SPEC §11.3.3: undefined for anything but the key's cosignature; the time is never 0. */
export async function verifyCosignature(
  text: string,
  payload: Uint8Array,
  publicKey: Uint8Array,
): Promise<Cosignature | undefined> {
  if (payload.length !== lengthBytes) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const time = Number(view.getBigUint64(0));
  if (time === 0 || !Number.isSafeInteger(time)) return undefined;
  const valid = await verifyEd25519(publicKey, cosignatureMessage(time, text), payload.subarray(8));
  return valid ? { time } : undefined;
}
