/** PEM (RFC 7468): text around DER. Lines outside the blocks are explanation and are skipped. */
import { VerificationError, quote } from "../errors.js";
import { base64Bytes, base64Text } from "./bytes.js";

/**
 * The blocks with this label, in order, at least one; a block with another label is refused.
 *
 * @throws VerificationError ENCODING_MALFORMED
 */
export function parsePEM(text: string, label: string): Uint8Array<ArrayBuffer>[] {
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  let body: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (line === `-----BEGIN ${label}-----` && body === undefined) body = "";
    else if (line === `-----END ${label}-----` && body !== undefined) {
      blocks.push(base64Bytes(body));
      body = undefined;
    } else if (line.startsWith("-----")) throw malformed(label, quote(line));
    else if (body !== undefined) body += line;
  }
  if (body !== undefined || blocks.length === 0) throw malformed(label, "no such block to its end");
  return blocks;
}

/** Lines of 64 characters, one block, ends with a line feed. */
export function formatPEM(der: Uint8Array, label: string): string {
  const lines = base64Text(der).match(/.{1,64}/g) ?? [];
  return `${[`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join("\n")}\n`;
}

function malformed(label: string, got: string): VerificationError {
  return new VerificationError("ENCODING_MALFORMED", `expected PEM blocks ${quote(label)}, got ${got}`);
}
