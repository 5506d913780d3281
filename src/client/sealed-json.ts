/** JSON files with a checksum: what is not, bit for bit, what was written, was not written. */
import type { Sha256Hex } from "../core/brands.js";
import { hexText, utf8Bytes } from "../core/encoding/bytes.js";
import { type JSONObject, type JSONValue, isJSONObject, parseJSON } from "../core/encoding/json.js";
import { sha256 } from "../core/encoding/sha256.js";
import { VerificationError } from "../core/errors.js";

export async function seal(value: object): Promise<Uint8Array> {
  const file = { checksum: await checksumOf(value), ...value };
  return utf8Bytes(`${JSON.stringify(file, null, 2)}\n`);
}

/** Undefined when anything about it is not as it was sealed. */
export async function openSealed(bytes: Uint8Array): Promise<JSONObject | undefined> {
  let value: JSONValue;
  try {
    value = parseJSON(bytes);
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    return undefined;
  }
  if (!isJSONObject(value)) return undefined;
  const { checksum, ...content } = value;
  return checksum === (await checksumOf(content)) ? content : undefined;
}

async function checksumOf(value: object): Promise<Sha256Hex> {
  return hexText(await sha256(utf8Bytes(JSON.stringify(value)))) as Sha256Hex;
}
