/** Members into an archive, in its one order, each held against the size and digest that were announced for it. */
import { concatBytes, hexText } from "../../core/encoding/bytes.js";
import { sha256 } from "../../core/encoding/sha256.js";
import type { ByteSink } from "../../core/encoding/stream.js";
import { tarEnd, tarHeader, tarPadding } from "../../core/encoding/tar.js";
import { VerificationError, quote } from "../../core/errors.js";
import { inMemory } from "./derived.js";
import { type BundleFile, bundlePaths, formatSums, inOrder } from "./layout.js";

/** Small files come over a network one round trip each: so many are asked for at once. */
const readsAtOnce = 64;
const readBytesAtOnce = 8 * 1024 * 1024;

/** @throws VerificationError BUNDLE_MALFORMED when a source gives other bytes than it announced */
export async function writeBundle(files: readonly BundleFile[], sink: ByteSink): Promise<void> {
  const sums = await inMemory(bundlePaths.sums, formatSums(files));
  for (const batch of batches(inOrder([...files, sums]))) {
    const contents = await Promise.all(batch.map(readExactly));
    for (const [i, { path, bytes }] of batch.entries()) {
      await sink.write(concatBytes(tarHeader(path, bytes), contents[i] as Uint8Array, tarPadding(bytes)));
    }
  }
  await sink.write(tarEnd());
}

async function readExactly({ path, bytes, sha256: expected, read }: BundleFile): Promise<Uint8Array> {
  const content = await read();
  const got = hexText(await sha256(content));
  if (content.length === bytes && got === expected) return content;
  throw new VerificationError("BUNDLE_MALFORMED", `expected ${quote(path)} to be ${expected}, got ${got}`);
}

function* batches(files: readonly BundleFile[]): Generator<BundleFile[]> {
  let batch: BundleFile[] = [];
  let bytes = 0;
  for (const file of files) {
    if (batch.length > 0 && (batch.length === readsAtOnce || bytes + file.bytes > readBytesAtOnce)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(file);
    bytes += file.bytes;
  }
  if (batch.length > 0) yield batch;
}
