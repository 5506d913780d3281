/**
 * The public tree in a bucket, under the names that the world asks for: a CDN, or the store itself, serves it as it is.
 *
 * An immutable file is created only where nothing is yet, a head replaced only while it has the ETag under which the expected bytes were read:
 * the store decides between writers. Not every store does (some pass over the condition without a word), so that is tried out first, and a
 * store that cannot is refused.
 */
import { randomUUID } from "node:crypto";
import { equalBytes, utf8Bytes } from "../../core/encoding/bytes.js";
import { type ByteSource, memorySource } from "../../core/encoding/stream.js";
import { OperationError, quote } from "../../core/errors.js";
import { publicCacheControl, publicContentType } from "../../core/release/public-paths.js";
import type { OpenPublicFile, PublicTree } from "../../ports/public-tree.js";
import type { S3Object, S3Store } from "../s3-store.js";
import { checkPublicPath } from "./paths.js";

const windowBytes = 1024 * 1024;

/** Some stores want the ETag of `If-Match` without its quotes. */
type TagForm = (etag: string) => string;
const tagForms: readonly TagForm[] = [(etag) => etag, (etag) => etag.replace(/^"(.*)"$/, "$1")];

/** @throws OperationError STORE_UNSUITABLE when the store does not keep conditions; STORE_FULL, STORE_FAILED */
export async function openS3Tree(store: S3Store): Promise<PublicTree> {
  await store.requireBucket();
  return new S3Tree(store, await probeConditions(store));
}

class S3Tree implements PublicTree {
  readonly #store: S3Store;
  readonly #tagForm: TagForm;

  constructor(store: S3Store, tagForm: TagForm) {
    this.#store = store;
    this.#tagForm = tagForm;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return (await this.#store.get(checkPublicPath(path)))?.bytes;
  }

  async open(path: string): Promise<OpenPublicFile | undefined> {
    const first = await this.#store.get(checkPublicPath(path), { offset: 0, length: windowBytes });
    return first && new S3PublicFile(this.#store, path, first);
  }

  async putImmutable(path: string, content: Uint8Array | ByteSource): Promise<void> {
    const created = await this.#store.put(checkPublicPath(path), content, {
      ...headersOf(path),
      condition: { create: true },
    });
    if (created === undefined) await this.#compare(path, content);
  }

  async swapHead(path: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<void> {
    const found = await this.#store.get(checkPublicPath(path));
    const same = expected === undefined ? found === undefined : found && equalBytes(found.bytes, expected);
    const condition =
      found === undefined ? { create: true as const } : { replace: this.#tagForm(found.etag) };
    const swapped = same && (await this.#store.put(path, next, { ...headersOf(path), condition }));
    if (swapped === undefined || swapped === false) {
      throw new OperationError("RECORD_CONFLICT", `expected the known head at ${quote(path)}, got another`);
    }
  }

  /** Something stands at the path already: fine when it is the same, byte for byte. */
  async #compare(path: string, content: Uint8Array | ByteSource): Promise<void> {
    const source = content instanceof Uint8Array ? memorySource(content) : content;
    const found = await this.open(path);
    let same = found?.length === source.length;
    for (let offset = 0; same && offset < source.length; offset += windowBytes) {
      const length = Math.min(windowBytes, source.length - offset);
      const there = await found?.read(offset, length);
      same = there !== undefined && equalBytes(await source.read(offset, length), there);
    }
    if (!same) {
      throw new OperationError("RECORD_CONFLICT", `expected the same bytes at ${quote(path)}, got others`);
    }
  }
}

function headersOf(path: string): { contentType: string; cacheControl: string } {
  return { contentType: publicContentType(path), cacheControl: publicCacheControl(path) };
}

class S3PublicFile implements OpenPublicFile {
  readonly length: number;
  readonly mark: string;
  readonly #store: S3Store;
  readonly #path: string;
  readonly #first: Uint8Array;

  constructor(store: S3Store, path: string, first: S3Object) {
    this.#store = store;
    this.#path = path;
    this.#first = first.bytes;
    this.length = first.length;
    this.mark = first.etag;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset + length > this.length) {
      const past = `${length} bytes at ${offset} of ${quote(this.#path)}`;
      throw new OperationError("STORE_FAILED", `expected ${past}, got ${this.length} in all`);
    }
    if (length === 0) return new Uint8Array();
    if (offset + length <= this.#first.length) return this.#first.slice(offset, offset + length);
    const found = await this.#store.get(this.#path, { offset, length });
    // A head that was swapped meanwhile is another file.
    if (found?.etag === this.mark && found.bytes.length === length) return found.bytes;
    throw new OperationError("STORE_FAILED", `expected ${quote(this.#path)} to stay, got another file`);
  }

  async close(): Promise<void> {}
}

/** @throws OperationError STORE_UNSUITABLE */
async function probeConditions(store: S3Store): Promise<TagForm> {
  const key = `.probe/${randomUUID()}`;
  const [one, two, three] = [utf8Bytes("1"), utf8Bytes("2"), utf8Bytes("3")];
  const create = { condition: { create: true as const } };
  try {
    const etag = await store.put(key, one, create);
    if (etag === undefined) throw unsuitable("If-None-Match: * to hold where nothing is");
    if ((await store.put(key, two, create)) !== undefined)
      throw unsuitable("If-None-Match: * to fail where something is");
    for (const tagForm of tagForms) {
      const next = await store.put(key, two, { condition: { replace: tagForm(etag) } });
      if (next === undefined) continue;
      if ((await store.put(key, three, { condition: { replace: tagForm(etag) } })) === undefined)
        return tagForm;
      throw unsuitable("If-Match to fail for an ETag of before");
    }
    throw unsuitable("If-Match to hold for the ETag that is there");
  } catch (cause) {
    const status = cause instanceof OperationError ? cause.details?.status : undefined;
    if (status === 501 || status === 400) throw unsuitable("conditional writes", `status ${status}`);
    throw cause;
  } finally {
    await store.remove(key).catch(() => undefined);
  }
}

function unsuitable(expected: string, got = "a store that does otherwise"): OperationError {
  return new OperationError("STORE_UNSUITABLE", `expected ${expected}, got ${got}`);
}
