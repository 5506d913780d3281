/**
 * A submitted archive as a sequence of files, read as it arrives and never held.
 *
 * Refused: compressed archives, links, devices, paths that leave their folder, two files with one path,
 * sizes beyond the limits (before their bytes are read), an archive that ends before its two closing zero
 * blocks, bytes after them. A caller who sends hostile bytes can make this code wait for more of them, and
 * nothing else.
 */
import { quote, VerificationError } from "../core/errors.js";
import { ByteQueue } from "./byte-queue.js";
import { malformed, parseLongName, parsePaxRecords, parseTarHeader, type TarHeader } from "./tar-header.js";
import { SourcePaths } from "../services/source-paths.js";
import { type SubmissionLimits, submissionLimitsMax } from "../services/submission-limits.js";

export interface ArchiveEntry {
  /** Safe, relative, NFC. */
  readonly path: string;
  readonly bytes: number;
  /** To be read before the next entry is asked for; what is left over is skipped. */
  readonly content: AsyncIterable<Uint8Array>;
}

const blockBytes = 512;
const longHeaderBytesMax = 64 * 1024;
const trailerBytesMax = 1024 * 1024;

const linkTypes: Record<string, string> = {
  "1": "a hard link",
  "2": "a symbolic link",
  "3": "a character device",
  "4": "a block device",
  "6": "a named pipe",
};

/** @throws VerificationError ARCHIVE_MALFORMED, PATH_UNSAFE, FILE_TOO_LARGE, LIMIT_EXCEEDED, TEXT_NOT_UTF8 */
export async function* readTar(
  chunks: AsyncIterable<Uint8Array>,
  limits: SubmissionLimits = submissionLimitsMax,
): AsyncGenerator<ArchiveEntry> {
  const queue = new ByteQueue(chunks, () =>
    malformed("expected a whole tar archive, got one that ends early"),
  );
  try {
    refuseCompressed(await queue.peek(6));
    yield* entriesOf(queue, limits);
  } finally {
    await queue.close();
  }
}

async function* entriesOf(queue: ByteQueue, limits: SubmissionLimits): AsyncGenerator<ArchiveEntry> {
  const paths = new SourcePaths(limits.pathBytesMax);
  const entriesMax = 4 * limits.filesMax;
  let files = 0;
  let total = 0;
  for (let entries = 0; ; entries++) {
    if (entries > entriesMax) throw tooMany("entries", entriesMax);
    const header = await nextHeader(queue);
    if (header === undefined) return;
    const written = header.path.replace(/^(\.\/)+/, "");
    if (header.type === "5") {
      refuseFolder(written, header.bytes);
      continue;
    }
    refuseOthers(header);
    const path = paths.add(written);
    files++;
    if (files > limits.filesMax) throw tooMany("files", limits.filesMax);
    total += header.bytes;
    refuseLarge(path, header.bytes, total, limits);
    const content = queue.stream(header.bytes);
    yield { path, bytes: header.bytes, content };
    for await (const _ of content);
    await queue.skip(padding(header.bytes));
  }
}

/** The next real header with its long name applied, or undefined at the proper end. */
async function nextHeader(queue: ByteQueue): Promise<TarHeader | undefined> {
  let path: string | undefined;
  let bytes: number | undefined;
  // At most one PAX header and one GNU long name and link name stand before an entry, and one global header
  // before all.
  for (let special = 0; special < 8; special++) {
    const block = await queue.take(blockBytes);
    if (isZero(block)) {
      if (path !== undefined || !isZero(await queue.take(blockBytes))) {
        throw malformed("expected two zero blocks at the end of the archive");
      }
      await queue.restIsZero(trailerBytesMax, () =>
        malformed("expected nothing after the end of the archive"),
      );
      return undefined;
    }
    const header = parseTarHeader(block);
    if (!"xgLK".includes(header.type)) {
      return { ...header, path: path ?? header.path, bytes: bytes ?? header.bytes };
    }
    if (header.bytes > longHeaderBytesMax) throw tooMany("bytes in a long header", longHeaderBytesMax);
    const content = (await queue.take(header.bytes)).slice();
    await queue.skip(padding(header.bytes));
    if (header.type === "L") path = parseLongName(content);
    if (header.type === "g" || header.type === "x") {
      const records = parsePaxRecords(content);
      const sparse = [...records.keys()].some((key) => key.startsWith("GNU.sparse"));
      const global = header.type === "g" && (records.has("path") || records.has("size"));
      if (sparse || global) throw malformed("expected plain files, got a sparse file or a global path");
      path = records.get("path") ?? path;
      bytes = paxSize(records.get("size")) ?? bytes;
    }
  }
  throw malformed("expected a file after its long headers");
}

function paxSize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[0-9]{1,15}$/.test(text)) throw malformed(`expected a PAX size, got ${quote(text)}`);
  return Number(text);
}

/** Folders carry nothing that is kept; one that climbs shows what its sender had in mind. */
function refuseFolder(written: string, bytes: number): void {
  if (bytes !== 0) throw malformed(`expected a folder without content at ${quote(written)}`);
  const path = written.replace(/\/$/, "");
  if (path !== "" && path !== ".") new SourcePaths().add(path);
}

function refuseOthers({ path, type }: TarHeader): void {
  const link = linkTypes[type];
  if (link !== undefined) {
    throw new VerificationError("PATH_UNSAFE", `expected a regular file at ${quote(path)}, got ${link}`);
  }
  if (type !== "0" || path.endsWith("/")) {
    throw malformed(`expected a regular file at ${quote(path)}, got type ${quote(type)}`);
  }
}

function refuseLarge(path: string, bytes: number, total: number, limits: SubmissionLimits): void {
  if (bytes > limits.fileBytesMax) {
    const message = `expected at most ${limits.fileBytesMax} bytes at ${quote(path)}, got ${bytes}`;
    throw new VerificationError("FILE_TOO_LARGE", message);
  }
  if (total > limits.submissionBytesMax) {
    const message = `expected at most ${limits.submissionBytesMax} bytes in all, got ${total} or more`;
    throw new VerificationError("FILE_TOO_LARGE", message);
  }
}

const compressed: readonly (readonly [string, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zip", [0x50, 0x4b, 0x03, 0x04]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["bzip2", [0x42, 0x5a, 0x68]],
];

function refuseCompressed(start: Uint8Array): void {
  const found = compressed.find(([, magic]) => magic.every((byte, i) => start[i] === byte));
  if (found === undefined) return;
  throw malformed(`expected a plain tar archive, got ${found[0]}`, "send the archive without compression");
}

function tooMany(what: string, most: number): VerificationError {
  return new VerificationError("LIMIT_EXCEEDED", `expected at most ${most} ${what}, got more`);
}

function padding(bytes: number): number {
  return (blockBytes - (bytes % blockBytes)) % blockBytes;
}

function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}
