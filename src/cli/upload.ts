/**
 * A person's files as one tar stream: folders walked in byte order, contents read while they are sent. Links
 * are refused, because the service would refuse them and because following one could send what nobody meant
 * to send.
 */
import { open, lstat, readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { compareBytes, concatBytes, utf8Bytes } from "../core/encoding/bytes.js";
import { OperationError, quote, UsageError, VerificationError } from "../core/errors.js";
import { tarEnd, tarHeader, tarPadding } from "../core/encoding/tar.js";

const pieceBytes = 256 * 1024;

export interface LocalFile {
  /** As the ruleset will know it. */
  readonly path: string;
  readonly file: string;
  readonly bytes: number;
}

export interface LocalFiles {
  readonly files: readonly LocalFile[];
  readonly bytes: number;
  /** Names that start with a dot, left out: `.git` and the like. */
  readonly hidden: readonly string[];
}

/**
 * A folder gives its content, a file gives itself. @throws UsageError USAGE; VerificationError PATH_UNSAFE
 */
export async function collectFiles(paths: readonly string[]): Promise<LocalFiles> {
  const files: LocalFile[] = [];
  const hidden: string[] = [];
  for (const path of paths) {
    const facts = await lstat(path).catch(() => undefined);
    if (facts === undefined) throw new UsageError("USAGE", `expected a file or folder, got ${quote(path)}`);
    if (facts.isDirectory()) await walk(path, "", files, hidden);
    else files.push(await localFile(path, basename(resolve(path))));
  }
  files.sort((a, b) => compareBytes(utf8Bytes(a.path), utf8Bytes(b.path)));
  for (let i = 1; i < files.length; i++) {
    const [one, other] = [files[i - 1] as LocalFile, files[i] as LocalFile];
    if (one.path !== other.path) continue;
    throw new UsageError("USAGE", `expected each path once, got ${quote(one.file)} and ${quote(other.file)}`);
  }
  if (files.length === 0)
    throw new UsageError("USAGE", `expected files in ${quote(paths.join(" "))}, got none`);
  return { files, bytes: files.reduce((sum, file) => sum + file.bytes, 0), hidden };
}

async function walk(folder: string, prefix: string, files: LocalFile[], hidden: string[]): Promise<void> {
  for (const name of (await readdir(folder)).sort()) {
    const file = join(folder, name);
    if (name.startsWith(".")) {
      hidden.push(file);
      continue;
    }
    const path = prefix === "" ? name : `${prefix}/${name}`;
    if ((await lstat(file)).isDirectory()) await walk(file, path, files, hidden);
    else files.push(await localFile(file, path));
  }
}

async function localFile(file: string, path: string): Promise<LocalFile> {
  const facts = await lstat(file);
  if (facts.isFile()) return { path: path.normalize("NFC"), file, bytes: facts.size };
  const what = facts.isSymbolicLink() ? "a symbolic link" : "something else";
  throw new VerificationError("PATH_UNSAFE", `expected a regular file at ${quote(file)}, got ${what}`);
}

/** Ends with an error when a file changes its size on the way. `sent` is told the bytes so far. */
export async function* tarStream(
  files: readonly LocalFile[],
  sent: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const piece of gathered(tarChunks(files))) {
    total += piece.length;
    sent(total);
    yield piece;
  }
}

/** A header, a small file and its padding go out as one: each piece costs both ends more than its bytes. */
async function* gathered(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    if (bytes > 0 && bytes + chunk.length > pieceBytes) {
      yield concatBytes(...held);
      [held, bytes] = [[], 0];
    }
    held.push(chunk);
    bytes += chunk.length;
  }
  if (bytes > 0) yield concatBytes(...held);
}

/** A file as it is. @throws UsageError USAGE when there is none */
export async function fileStream(path: string): Promise<AsyncIterable<Uint8Array>> {
  const facts = await lstat(path).catch(() => undefined);
  if (facts === undefined || !facts.isFile()) {
    throw new UsageError("USAGE", `expected a file, got ${quote(path)}`);
  }
  return content({ path, file: path, bytes: facts.size });
}

async function* tarChunks(files: readonly LocalFile[]): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    yield tarHeader(file.path, file.bytes);
    yield* content(file);
    yield tarPadding(file.bytes);
  }
  yield tarEnd();
}

async function* content({ file, bytes }: LocalFile): AsyncGenerator<Uint8Array> {
  const handle = await open(file, "r");
  try {
    for (let left = bytes; left > 0; ) {
      const piece = new Uint8Array(Math.min(left, pieceBytes));
      const { bytesRead } = await handle.read(piece, 0, piece.length);
      if (bytesRead === 0) break;
      left -= bytesRead;
      yield piece.subarray(0, bytesRead);
    }
    if ((await handle.stat()).size === bytes) return;
  } finally {
    await handle.close();
  }
  throw new OperationError("STORE_FAILED", `expected ${quote(file)} to stay as it is while it is sent`);
}
