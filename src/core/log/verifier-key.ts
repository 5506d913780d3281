/**
 * Public keys of logs and witnesses as text (C2SP signed-note, "vkey"):
 *
 *   <name>+<key id, 8 hexadecimal digits>+<base64 of type and public key>
 *
 * Ed25519 only: type 1 signs notes, type 4 cosigns checkpoints with a time.
 */
import { base64Bytes, base64Text, concatBytes, equalBytes, hexText, utf8Bytes } from "../encoding/bytes.js";
import { sha256Digest } from "../encoding/sha256.js";
import { VerificationError, quote } from "../errors.js";
import { odd, refusingWith } from "./lines.js";

export const noteKeyType = 0x01;
export const cosignatureKeyType = 0x04;
export type NoteKeyType = typeof noteKeyType | typeof cosignatureKeyType;

export interface VerifierKey {
  readonly name: string;
  /** 4 octets: a hint that, with the name, says which key a signature line is of. */
  readonly keyID: Uint8Array;
  readonly type: NoteKeyType;
  /** 32 octets. */
  readonly publicKey: Uint8Array;
}

/** SPEC §11.2.4. @throws VerificationError NOTE_MALFORMED */
export function parseVerifierKey(text: string): VerifierKey {
  return refusingWith("NOTE_MALFORMED", () => {
    // The base64 may hold plus signs of its own: only the first two part the fields.
    const [, name = "", id = "", data = ""] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text) ?? [];
    const [type, ...octets] = base64Bytes(data);
    if (type !== noteKeyType && type !== cosignatureKeyType) throw odd("a key of type 1 or 4", text);
    const key = verifierKey(name, type, Uint8Array.from(octets));
    if (hexText(key.keyID) !== id) throw odd(`the key id ${hexText(key.keyID)}`, id);
    return key;
  });
}

export function formatVerifierKey({ name, keyID, type, publicKey }: VerifierKey): string {
  return `${name}+${hexText(keyID)}+${base64Text(concatBytes(Uint8Array.of(type), publicKey))}`;
}

/** @throws VerificationError NOTE_MALFORMED for a bad name or a key that is not 32 octets */
export function verifierKey(name: string, type: NoteKeyType, publicKey: Uint8Array): VerifierKey {
  requireKeyName(name);
  if (publicKey.length !== 32) {
    throw new VerificationError("NOTE_MALFORMED", `expected a key of 32 bytes, got ${publicKey.length}`);
  }
  const digest = sha256Digest();
  digest.update(concatBytes(utf8Bytes(`${name}\n`), Uint8Array.of(type), publicKey));
  return { name, type, publicKey, keyID: digest.finish().slice(0, 4) };
}

/** SPEC §11.2.3. @throws VerificationError NOTE_MALFORMED */
export function requireKeyName(name: string): void {
  if (name === "" || /[\p{White_Space}\p{Cc}+]/u.test(name)) {
    throw new VerificationError("NOTE_MALFORMED", `expected a key name, got ${quote(name)}`);
  }
}

export function sameKey(a: VerifierKey, b: Pick<VerifierKey, "name" | "keyID">): boolean {
  return a.name === b.name && equalBytes(a.keyID, b.keyID);
}

/** True for the key's Ed25519 signature over `message`, false for everything else. */
export async function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const own = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>;
  try {
    const key = await crypto.subtle.importKey("raw", own(publicKey), { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, key, own(signature), own(message));
  } catch {
    // Not a point on the curve: nobody can sign with it.
    return false;
  }
}
