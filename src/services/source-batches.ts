/** Reads source files back from the object store, a bounded number of bytes at a time. */
import { OperationError } from "../core/errors.js";
import type { Sha256Hex } from "../core/brands.js";
import type { FileFacts } from "../core/release/model.js";
import type { SourceFile } from "../core/rules/model.js";
import type { ObjectStore } from "../ports/object-store.js";

const batchBytesMax = 32 * 1024 * 1024;

/**
 * Every file once, in order, with its ruleset's name in front of its path. A file larger than a batch comes
 * alone.
 */
export async function* sourceBatches(
  objects: ObjectStore,
  ruleset: string,
  files: readonly FileFacts[],
): AsyncGenerator<SourceFile[]> {
  let batch: SourceFile[] = [];
  let bytes = 0;
  for (const file of files) {
    if (batch.length > 0 && bytes + file.bytes > batchBytesMax) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push({ path: `${ruleset}/${file.path}`, bytes: await readObject(objects, file.sha256) });
    bytes += file.bytes;
  }
  if (batch.length > 0) yield batch;
}

/** A whole object that must be there. @throws OperationError STORE_FAILED when it is not */
export async function readObject(objects: ObjectStore, sha256: Sha256Hex): Promise<Uint8Array> {
  const object = await objects.open(sha256);
  if (object === undefined) {
    throw new OperationError("STORE_FAILED", `expected object ${sha256} in the store, got none`);
  }
  try {
    return await object.read(0, object.length);
  } finally {
    await object.close();
  }
}
