/**
 * Signatures over the files that ClamAV loads (SPEC §8.7): the document in which they travel, and the `.sign` file that ClamAV
 * 1.5 reads. The document is not signed: each signature in it is judged alone, against a file that the endpoint has made.
 */
import {
  type FeedName,
  type ReleaseNumber,
  type Sha256Hex,
  feedName,
  releaseNumber,
  sha256Hex,
} from "../brands.js";
import { base64Bytes, base64Text, equalBytes, utf8Bytes } from "../encoding/bytes.js";
import { type JSONValue, isJSONObject, parseJSON } from "../encoding/json.js";
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";

export interface ClamAVSignatures {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  readonly files: readonly SignedFile[];
}

export interface SignedFile {
  /** As exported, without the folder. */
  readonly path: string;
  readonly sha256: Sha256Hex;
  /** Detached CMS, DER. */
  readonly cms: Uint8Array;
}

/** ClamAV 1.5.0: the first feature level that reads such signatures. */
const featureLevelMin = 230;
const filesMax = 32;

export function clamavSignaturesPath(feed: FeedName, release: ReleaseNumber): string {
  return `evidence/${feed}/${release}.clamav.json`;
}

export function formatClamAVSignatures({ feed, release, files }: ClamAVSignatures): Uint8Array<ArrayBuffer> {
  const listed = files.map(({ path, sha256, cms }) => ({ path, sha256, cms: base64Text(cms) }));
  return utf8Bytes(`${JSON.stringify({ schema: 1, feed, release, files: listed })}\n`);
}

/** @throws VerificationError LIMIT_EXCEEDED, JSON_MALFORMED, ENCODING_MALFORMED, and of the brands */
export function parseClamAVSignatures(bytes: Uint8Array): ClamAVSignatures {
  if (bytes.length > limits.clamavSignaturesBytesMax) throw malformed("a smaller document");
  const document = parseJSON(bytes);
  if (!isJSONObject(document) || document.schema !== 1) throw malformed("a document of schema 1");
  const { files } = document;
  if (!Array.isArray(files) || files.length > filesMax) throw malformed(`at most ${filesMax} files`);
  const { feed, release } = document;
  const parsed = { feed: feedName(feed), release: releaseNumber(release), files: files.map(parseFile) };
  // SPEC §8.7.2: nobody signs the document, so it has one form.
  if (!equalBytes(formatClamAVSignatures(parsed), bytes)) throw malformed("the one form");
  return parsed;
}

function parseFile(value: JSONValue): SignedFile {
  if (!isJSONObject(value)) throw malformed("a file");
  const { path, sha256, cms } = value;
  if (typeof path !== "string" || typeof cms !== "string") throw malformed("path and cms");
  return { path, sha256: sha256Hex(sha256), cms: base64Bytes(cms) };
}

/** One line for every ClamAV from the first that knows the format; no end of its feature levels. */
export function formatSignFile(cms: Uint8Array): Uint8Array<ArrayBuffer> {
  return utf8Bytes(`#clamsign-1.0\n${featureLevelMin}::pkcs7-pem:${base64Text(cms)}\n`);
}

function malformed(expected: string): VerificationError {
  return new VerificationError(
    "ENCODING_MALFORMED",
    `expected ${expected} of ClamAV signatures, got another`,
  );
}
