/**
 * What is in an archive, and where: for archives of exactly the form that `tar.ts` writes. Every header is written again and compared, so
 * the same files in the same order have one archive, and nothing hides between them.
 */
import { VerificationError, quote } from "../errors.js";
import { limits } from "../limits.js";
import { byteString, compareBytes, concatBytes, equalBytes, utf8Bytes, utf8Text } from "./bytes.js";
import type { ByteSource } from "./stream.js";
import { tarBlockBytes, tarHeader, tarPadding } from "./tar.js";

export interface TarMember {
  readonly path: string;
  /** Of its content in the archive. */
  readonly offset: number;
  readonly bytes: number;
}

/** SPEC §14.2.1: in byte order of the paths, each once. @throws VerificationError BUNDLE_MALFORMED */
export async function readTarIndex(source: ByteSource): Promise<ReadonlyMap<string, TarMember>> {
  const members = new Map<string, TarMember>();
  let last = new Uint8Array();
  for (let offset = 0; ; ) {
    const member = await readMember(source, offset);
    if (member === undefined) {
      await requireEnd(source, offset);
      return members;
    }
    const name = utf8Bytes(member.path);
    if (members.size > 0 && compareBytes(last, name) >= 0)
      throw malformed("members in byte order", member.path);
    if (members.size >= limits.bundleFilesMax)
      throw malformed(`at most ${limits.bundleFilesMax} members`, "more");
    last = name;
    members.set(member.path, member);
    const padding = tarPadding(member.bytes);
    const end = member.offset + member.bytes;
    if (!equalBytes(await take(source, end, padding.length), padding)) {
      throw malformed("zeros behind a member", member.path);
    }
    offset = end + padding.length;
  }
}

/** Undefined where a zero block stands. */
async function readMember(source: ByteSource, offset: number): Promise<TarMember | undefined> {
  const block = await take(source, offset, tarBlockBytes);
  if (block[0] === 0) return undefined;
  const { path, content } =
    block[156] === 0x78 ? await readLongPath(source, offset, block) : shortPath(block, offset);
  const bytes = sizeOf(await take(source, content - tarBlockBytes, tarBlockBytes));
  const header = tarHeader(path, bytes);
  if (!equalBytes(await take(source, offset, content - offset), header)) {
    throw malformed("the header that this file has in a bundle", path);
  }
  if (content + bytes > source.length) throw malformed("a whole archive", "one that ends early");
  return { path, offset: content, bytes };
}

function shortPath(block: Uint8Array, offset: number) {
  const end = block.indexOf(0);
  return { path: text(block.subarray(0, Math.min(end, 100))), content: offset + tarBlockBytes };
}

/** A PAX record and nothing else: `length path=…`. */
async function readLongPath(source: ByteSource, offset: number, block: Uint8Array) {
  const length = sizeOf(block);
  if (length > 2 * limits.bundlePathBytesMax) throw malformed("a shorter path", `${length} bytes`);
  const record = await take(source, offset + tarBlockBytes, length);
  const equals = record.indexOf(0x3d);
  const path = text(record.subarray(equals + 1, Math.max(equals + 1, length - 1)));
  const rounded = length + tarPadding(length).length;
  return { path, content: offset + rounded + 2 * tarBlockBytes };
}

function sizeOf(header: Uint8Array): number {
  const digits = byteString(header.subarray(124, 135));
  if (!/^[0-7]{11}$/.test(digits)) throw malformed("a size in octal digits", digits);
  return Number.parseInt(digits, 8);
}

/** Two zero blocks, and then nothing. */
async function requireEnd(source: ByteSource, offset: number): Promise<void> {
  const rest = source.length - offset;
  if (rest !== 2 * tarBlockBytes) throw malformed("two zero blocks at the end", `${rest} bytes`);
  if ((await take(source, offset, rest)).some((byte) => byte !== 0))
    throw malformed("zeros at the end", "other bytes");
}

async function take(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  if (offset + length > source.length) throw malformed("a whole archive", "one that ends early");
  return source.read(offset, length);
}

function text(bytes: Uint8Array): string {
  try {
    return utf8Text(bytes);
  } catch (cause) {
    throw new VerificationError("BUNDLE_MALFORMED", "expected paths in UTF-8, got other bytes", { cause });
  }
}

/** All members as one archive, for small ones and for tests. */
export function tarOf(
  files: Iterable<readonly [path: string, content: Uint8Array]>,
): Uint8Array<ArrayBuffer> {
  const parts = [...files].flatMap(([path, content]) => [
    tarHeader(path, content.length),
    content,
    tarPadding(content.length),
  ]);
  return concatBytes(...parts, new Uint8Array(2 * tarBlockBytes));
}

function malformed(expected: string, got: string): VerificationError {
  return new VerificationError("BUNDLE_MALFORMED", `expected ${expected}, got ${quote(got)}`);
}
