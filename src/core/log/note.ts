/**
 * Signed notes (C2SP signed-note v1): a text, an empty line, and one line for each signature.
 *
 *   <text, ends with a line feed>
 *   <empty line>
 *   — <key name> <base64 of key id (4 octets) and signature>
 *
 * What is signed is the text with its last line feed. A note that is read has exactly one form in bytes.
 */
import { base64Bytes, base64Text, concatBytes, utf8Bytes, utf8Text } from "../encoding/bytes.js";
import { VerificationError, quote } from "../errors.js";
import { limits } from "../limits.js";
import { type Cosignature, verifyCosignature } from "./cosignature.js";
import { odd, refusingWith, wholeLines } from "./lines.js";
import {
  type VerifierKey,
  cosignatureKeyType,
  requireKeyName,
  sameKey,
  verifyEd25519,
} from "./verifier-key.js";

export interface NoteSignature {
  readonly name: string;
  readonly keyID: Uint8Array;
  /** What follows the key id: 64 octets of Ed25519, or a cosignature of 72; other types have other lengths. */
  readonly signature: Uint8Array;
}

export interface Note {
  /** Ends with a line feed. */
  readonly text: string;
  /** At least one. */
  readonly signatures: readonly NoteSignature[];
}

/** A line that was verified; `cosignature` when the key is a witness's. */
export interface ProvenLine {
  readonly key: VerifierKey;
  readonly cosignature?: Cosignature;
}

/** SPEC §11.2.1. @throws VerificationError NOTE_MALFORMED */
export function parseNote(bytes: Uint8Array): Note {
  return refusingWith("NOTE_MALFORMED", () => {
    if (bytes.length > limits.noteBytesMax) {
      throw odd(`a note of at most ${limits.noteBytesMax} bytes`, String(bytes.length));
    }
    const whole = utf8Text(bytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are exactly what a note must not hold
    if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) throw odd("no control characters", whole);
    // The text may hold empty lines of its own: the last one is the one that parts.
    const end = whole.lastIndexOf("\n\n");
    if (end < 0) throw odd("an empty line before the signatures", whole);
    return { text: whole.slice(0, end + 1), signatures: parseSignatureLines(whole.slice(end + 2)) };
  });
}

export function formatNote({ text, signatures }: Note): Uint8Array<ArrayBuffer> {
  return utf8Bytes(`${text}\n${signatures.map(formatSignatureLine).join("")}`);
}

/** SPEC §11.2.2: also what a witness answers. @throws VerificationError NOTE_MALFORMED */
export function parseSignatureLines(text: string): NoteSignature[] {
  return refusingWith("NOTE_MALFORMED", () => {
    const lines = wholeLines(text);
    if (lines.length > limits.noteSignaturesMax) {
      throw odd(`at most ${limits.noteSignaturesMax} signatures`, String(lines.length));
    }
    return lines.map(parseSignatureLine);
  });
}

function parseSignatureLine(line: string): NoteSignature {
  const [dash, name, data, ...rest] = line.split(" ");
  if (dash !== "—" || name === undefined || data === undefined || rest.length > 0) {
    throw odd("a signature line", line);
  }
  requireKeyName(name);
  const bytes = base64Bytes(data);
  if (bytes.length < 5) throw odd("a key id and a signature", line);
  return { name, keyID: bytes.slice(0, 4), signature: bytes.slice(4) };
}

export function formatSignatureLine({ name, keyID, signature }: NoteSignature): string {
  return `— ${name} ${base64Text(concatBytes(keyID, signature))}\n`;
}

/**
 * SPEC §11.2.5: lines of keys that nobody asked about are passed over; a line of a key that was asked about must hold.
 *
 * @throws VerificationError LOG_SIGNATURE_INVALID
 */
export async function verifyLines(note: Note, keys: readonly VerifierKey[]): Promise<ProvenLine[]> {
  const proven: ProvenLine[] = [];
  for (const line of note.signatures) {
    const key = keys.find((one) => sameKey(one, line));
    if (key !== undefined) proven.push(await verifyLine(note.text, line, key));
  }
  return proven;
}

async function verifyLine(text: string, line: NoteSignature, key: VerifierKey): Promise<ProvenLine> {
  if (key.type === cosignatureKeyType) {
    const cosignature = await verifyCosignature(text, line.signature, key.publicKey);
    if (cosignature !== undefined) return { key, cosignature };
  } else if (await verifyEd25519(key.publicKey, utf8Bytes(text), line.signature)) return { key };
  throw new VerificationError(
    "LOG_SIGNATURE_INVALID",
    `expected a valid signature by ${quote(key.name)}, got another`,
  );
}
