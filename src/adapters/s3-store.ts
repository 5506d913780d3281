/**
 * A bucket of an S3-compatible store: one object read, written or looked at, each tried again while the store is busy or away.
 *
 * A conditional write whose answer was lost would, tried again, be refused by its own success. So each write carries a name of its own in
 * the object's metadata, and a refused one looks whether what is there is its own. Every write has its MD5 with it: a store keeps nothing
 * that was torn on the way. The SDK is loaded when the first bucket is opened.
 */
import { createHash, randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { GetObjectCommandOutput, HeadObjectCommandOutput, S3Client } from "@aws-sdk/client-s3";
import { type ByteSource, memorySource } from "../core/encoding/stream.js";
import { quote } from "../core/errors.js";
import {
  PassingError,
  isAbsent,
  isOutOfRange,
  isPassing,
  isPreconditionFailed,
  s3Error,
} from "./s3-errors.js";

export interface S3Settings {
  /** Undefined: AWS itself. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly bucket: string;
  /** Of every key; empty, or it ends with a slash. */
  readonly prefix: string;
  /** `endpoint/bucket/key` rather than `bucket.endpoint/key`. */
  readonly pathStyle: boolean;
  /** Undefined: what the SDK finds by itself (environment, profile, the machine's role). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** Without a byte from the store. */
  readonly silenceMs: number;
  /** Between tries; waits for real unless a test says otherwise. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

export interface S3Facts {
  /** As the store gave it, quotes and all. */
  readonly etag: string;
  readonly length: number;
  /** The name of the write. */
  readonly write: string | undefined;
}

export interface S3Object extends S3Facts {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** `create`: only where nothing is yet. `replace`: only what has this ETag, written as the store wants it. */
export type S3Condition = { readonly create: true } | { readonly replace: string };

export interface S3Write {
  readonly condition?: S3Condition;
  readonly contentType?: string;
  readonly cacheControl?: string;
}

const triesMax = 5;
const firstPauseMs = 100;
const pieceBytes = 1024 * 1024;
/** A body up to here is held in memory. */
const heldBytesMax = 8 * 1024 * 1024;

export async function openS3(settings: S3Settings): Promise<S3Store> {
  // It would warn of versions to come, which need another Node; ours is pinned.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const sdk = await import("@aws-sdk/client-s3");
  const { endpoint, region, pathStyle, credentials, silenceMs } = settings;
  const client = new sdk.S3Client({
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
    region,
    forcePathStyle: pathStyle,
    // Ours, because theirs ends where the body begins.
    maxAttempts: 1,
    // Not every store knows the SDK's own checksums; all know MD5.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: Math.min(silenceMs, 5000),
      socketTimeout: silenceMs,
      requestTimeout: 0,
    },
  });
  return new S3Store(client, sdk, settings);
}

type SDK = typeof import("@aws-sdk/client-s3");

export class S3Store {
  readonly #client: S3Client;
  readonly #sdk: SDK;
  readonly #settings: S3Settings;

  constructor(client: S3Client, sdk: SDK, settings: S3Settings) {
    this.#client = client;
    this.#sdk = sdk;
    this.#settings = settings;
  }

  /** A bucket that is not there looks, to a request for an object, like an object that is not. @throws OperationError STORE_FAILED */
  async requireBucket(): Promise<void> {
    const { bucket } = this.#settings;
    const command = new this.#sdk.HeadBucketCommand({ Bucket: bucket });
    const doing = `looking for the bucket ${quote(bucket)}`;
    try {
      await this.#trying(doing, () => this.#client.send(command));
    } catch (cause) {
      throw s3Error(cause, doing);
    }
  }

  close(): Promise<void> {
    this.#client.destroy();
    return Promise.resolve();
  }

  /** @throws OperationError STORE_FAILED */
  head(key: string): Promise<S3Facts | undefined> {
    const command = new this.#sdk.HeadObjectCommand(this.#at(key));
    const look = async () => factsOf(await this.#client.send(command));
    return orUndefined(this.#trying(`looking at ${quote(key)}`, look), key);
  }

  /** The whole object, or the part of it from `offset` that is there, at most `length` bytes. @throws OperationError STORE_FAILED */
  get(key: string, part?: { offset: number; length: number }): Promise<S3Object | undefined> {
    return orUndefined(
      this.#trying(`reading ${quote(key)}`, () => this.#get(key, part)),
      key,
    );
  }

  async #get(key: string, part: { offset: number; length: number } | undefined): Promise<S3Object> {
    const range = part && `bytes=${part.offset}-${part.offset + part.length - 1}`;
    const command = new this.#sdk.GetObjectCommand({ ...this.#at(key), ...(range && { Range: range }) });
    let found: GetObjectCommandOutput;
    try {
      found = await this.#client.send(command);
    } catch (cause) {
      // No part of nothing can be had.
      const empty = isOutOfRange(cause) && part?.offset === 0 ? await this.head(key) : undefined;
      if (empty?.length === 0) return { ...empty, bytes: new Uint8Array() };
      throw cause;
    }
    const facts = factsOf(found);
    const length = part === undefined ? facts.length : expectedLength(found, part);
    const bytes = await bodyOf(found.Body as Readable, length, this.#settings.silenceMs);
    return { ...facts, bytes, length: part === undefined ? length : totalOf(found) };
  }

  /**
   * The ETag of what was written; undefined when the condition does not hold. What the source of the bytes throws passes through.
   * @throws OperationError STORE_FULL, STORE_FAILED
   */
  async put(key: string, content: Uint8Array | ByteSource, write: S3Write = {}): Promise<string | undefined> {
    const doing = `writing ${quote(key)}`;
    const name = randomUUID();
    const source = content instanceof Uint8Array ? memorySource(content) : content;
    const held = source.length <= heldBytesMax ? await source.read(0, source.length) : undefined;
    const md5 = held === undefined ? await md5Of(source) : createHash("md5").update(held).digest("base64");
    const broke: { error?: unknown } = {};
    const sent = async () => {
      const body = held ?? Readable.from(piecesOf(source, broke), { objectMode: false });
      const answer = await this.#client.send(
        new this.#sdk.PutObjectCommand({
          ...this.#at(key),
          ...conditionOf(write.condition),
          Body: body,
          ContentLength: source.length,
          ContentMD5: md5,
          ContentType: write.contentType ?? "application/octet-stream",
          ...(write.cacheControl !== undefined && { CacheControl: write.cacheControl }),
          Metadata: { write: name },
        }),
      );
      return answer.ETag ?? "";
    };
    try {
      return await this.#trying(doing, sent);
    } catch (cause) {
      if ("error" in broke) throw broke.error;
      if (!isPreconditionFailed(cause)) throw cause;
      const there = await this.head(key);
      return there?.write === name ? there.etag : undefined;
    }
  }

  /** No error when there is no such object. @throws OperationError STORE_FAILED */
  async remove(key: string): Promise<void> {
    const command = new this.#sdk.DeleteObjectCommand(this.#at(key));
    await orUndefined(
      this.#trying(`removing ${quote(key)}`, () => this.#client.send(command)),
      key,
    );
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#settings.bucket, Key: this.#settings.prefix + key };
  }

  /** 404 and 412 pass as they came: they are answers. */
  async #trying<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const { pause = wait } = this.#settings;
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (cause) {
        if (isAbsent(cause) || isPreconditionFailed(cause)) throw cause;
        if (tries === triesMax || !isPassing(cause)) throw s3Error(cause, doing);
        // Half of it by chance: several processes that met a busy store should not meet again.
        await pause(firstPauseMs * 2 ** (tries - 1) * (0.5 + Math.random() / 2));
      }
    }
  }
}

/** Undefined for what is not there. */
async function orUndefined<T>(work: Promise<T>, key: string): Promise<T | undefined> {
  try {
    return await work;
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    throw s3Error(cause, `asking for ${quote(key)}`);
  }
}

function conditionOf(condition: S3Condition | undefined): { IfNoneMatch?: "*"; IfMatch?: string } {
  if (condition === undefined) return {};
  return "create" in condition ? { IfNoneMatch: "*" } : { IfMatch: condition.replace };
}

function factsOf({ ETag, ContentLength, Metadata }: HeadObjectCommandOutput): S3Facts {
  if (ContentLength === undefined) throw new PassingError("expected the length of an object, got none");
  return { etag: ETag ?? "", length: ContentLength, write: Metadata?.write };
}

const contentRange = /^bytes (\d+)-(\d+)\/(\d+)$/;

function totalOf({ ContentRange }: GetObjectCommandOutput): number {
  return Number(contentRange.exec(ContentRange ?? "")?.[3]);
}

/** How much the part must have. @throws PassingError when the store sends another part, or none */
function expectedLength(
  { ContentRange }: GetObjectCommandOutput,
  { offset, length }: { offset: number; length: number },
): number {
  const [, first, last, total] = (contentRange.exec(ContentRange ?? "") ?? []).map(Number);
  const expected = Math.min(length, (total ?? 0) - offset);
  if (first === offset && last === offset + expected - 1) return expected;
  throw new PassingError(`expected ${length} bytes from ${offset}, got ${quote(ContentRange ?? "no range")}`);
}

/** Exactly so many bytes, and no longer silence between them. @throws PassingError */
async function bodyOf(body: Readable, length: number, silenceMs: number): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(length);
  const silent = setTimeout(() => {
    body.destroy(new PassingError(`expected ${length} bytes, got silence for ${silenceMs} ms`));
  }, silenceMs);
  let filled = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      silent.refresh();
      filled += chunk.length;
      if (filled > length) break;
      whole.set(chunk, filled - chunk.length);
    }
  } finally {
    clearTimeout(silent);
    body.destroy();
  }
  if (filled !== length)
    throw new PassingError(`expected ${length} bytes, got ${filled > length ? "more" : filled}`);
  return whole;
}

async function* pieces(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < source.length; at += pieceBytes) {
    yield await source.read(at, Math.min(pieceBytes, source.length - at));
  }
}

/** Remembers what the source threw: the client has errors of its own for a body that ends early. */
async function* piecesOf(source: ByteSource, broke: { error?: unknown }): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces(source);
  } catch (error) {
    broke.error = error;
    throw error;
  }
}

async function md5Of(source: ByteSource): Promise<string> {
  const hash = createHash("md5");
  for await (const piece of pieces(source)) hash.update(piece);
  return hash.digest("base64");
}
