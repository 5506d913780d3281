/**
 * Packs over the network, into scratch files that survive a crash and are taken up where they ended. They are a pack only when all of it has
 * the length and the digest that the manifest gives.
 *
 * A large pack comes over several connections, once its server has shown that it serves parts. A large full pack is unpacked meanwhile: its
 * database proves itself block by block (SPEC §3.3), so a lie costs what came before it and not the whole pack.
 */
import type { ByteSource, DigestFactory } from "../core/encoding/stream.js";
import { OperationError, RulemintError, VerificationError, quote } from "../core/errors.js";
import type { PackFacts } from "../core/format/model.js";
import { packPath } from "../core/release/tree-paths.js";
import type { EndpointScratch } from "../ports/endpoint-store.js";
import type { Budget } from "./budget.js";
import type { PublicTreeReader } from "./fetch-file.js";
import { type Lane, Lanes } from "./lanes.js";
import type { UpdateEvent } from "./model.js";
import { PackSegments, type Run } from "./pack-segments.js";

export interface DownloadInput {
  readonly scratch: EndpointScratch;
  readonly tree: PublicTreeReader;
  readonly digest: DigestFactory;
  readonly budget: Budget;
  /** At most, to one server. */
  readonly connections: number;
  readonly emit: (event: UpdateEvent) => void;
}

/** Transfers that may break in one download, as long as each of them brought something. */
const attemptsMax = 8;

/** Works on a pack while it comes, and says how the scratch file is called that it made of it. @throws VerificationError when the pack is wrong */
export type Unpack = (pack: ByteSource) => Promise<string>;

export interface Downloaded {
  readonly source: ByteSource;
  /** What `unpack` made. */
  readonly unpacked?: string | undefined;
  /** That came over the network now. */
  readonly bytes: number;
  /** Who sent the last of them; undefined when all was there. */
  readonly from?: string;
}

/**
 * What one mirror began, the next one ends. `unpack` is asked where the pack is large.
 *
 * @throws VerificationError PACK_DIGEST_MISMATCH, and what `unpack` throws; OperationError
 */
export async function downloadPack(
  input: DownloadInput,
  pack: PackFacts,
  unpack?: Unpack,
): Promise<Downloaded> {
  const source = await PackSegments.open(input.scratch, pack);
  const resumed = source.bytesHere > 0;
  if (source.isWhole) {
    if ((await source.sha256(input.digest)) === pack.sha256) return { source, bytes: 0 };
    await source.discard();
  }
  const isEarly = unpack !== undefined && source.count > 1;
  const meanwhile = isEarly ? { work: unpack, isPart: false } : undefined;
  const download = new Download<string>(input, pack, source, meanwhile);
  try {
    const from = await input.tree.eachMirror(packPath(pack), async (url) => {
      await download.from(url);
      return url;
    });
    const { bytes } = download;
    input.emit({ type: "download", pack, bytes, resumed: resumed || bytes > pack.bytes });
    return { source, bytes, from, unpacked: await download.result };
  } catch (error) {
    await download.stop(error);
    throw error;
  }
}

/**
 * SPEC §8.9: of a pack what `read` reads, and as much more as its segments are long. `read` has to prove what it reads.
 *
 * @throws what `read` throws; OperationError; VerificationError FETCH_TOO_LARGE, PACK_DIGEST_MISMATCH for a pack of another length
 */
export async function readPack<T>(
  input: DownloadInput,
  pack: PackFacts,
  read: (part: PackSegments) => Promise<T>,
): Promise<{ readonly value: T; readonly bytes: number }> {
  const segments = await PackSegments.open(input.scratch, pack);
  const download = new Download<T>(input, pack, segments, { work: read, isPart: true });
  try {
    await input.tree.eachMirror(packPath(pack), (url) => download.from(url));
    return { value: (await download.result) as T, bytes: download.bytes };
  } catch (error) {
    await download.stop(error);
    throw error;
  }
}

/** What is done with a pack while it comes; `isPart`: nothing else of it is needed than what the work reads. */
interface Meanwhile<T> {
  readonly work: (pack: PackSegments) => Promise<T>;
  readonly isPart: boolean;
}

class Download<T> {
  /** That came over the network. */
  bytes = 0;
  /** Goes on from server to server. */
  result: Promise<T> | undefined;
  readonly #input: DownloadInput;
  readonly #pack: PackFacts;
  readonly #segments: PackSegments;
  readonly #meanwhile: Meanwhile<T> | undefined;

  constructor(
    input: DownloadInput,
    pack: PackFacts,
    segments: PackSegments,
    meanwhile: Meanwhile<T> | undefined,
  ) {
    this.#input = input;
    this.#pack = pack;
    this.#segments = segments;
    this.#meanwhile = meanwhile;
  }

  /** All that is not here yet, from one server, and proven. */
  async from(url: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const [here, before] = [this.#segments.bytesHere, this.bytes];
      // Who broke off is asked for one thing at a time.
      const lanes = this.#lanesTo(url, attempt === 1 ? this.#input.connections : 1);
      try {
        return await this.#attempt(lanes);
      } catch (error) {
        const next = afterFailure(error, here, lanes.isWide || this.bytes > before);
        if (next === "anew" || error instanceof VerificationError) await this.#beginAnew(error);
        if (next === "stop" || attempt === attemptsMax) throw error;
      }
    }
  }

  /** Ends what works on the pack. */
  async stop(reason: unknown): Promise<void> {
    this.#segments.stop(reason);
    await this.result?.catch(() => undefined);
    this.result = undefined;
  }

  async #beginAnew(reason: unknown): Promise<void> {
    await this.stop(reason);
    await this.#segments.discard();
  }

  #lanesTo(url: string, connections: number): Lanes {
    return new Lanes(this.#segments, connections, (run, lane) => this.#transfer(url, run, lane));
  }

  async #attempt(lanes: Lanes): Promise<void> {
    const { digest } = this.#input;
    const { work, isPart = false } = this.#meanwhile ?? {};
    if (!isPart) {
      this.#segments.need({ start: 0, end: this.#pack.bytes });
      this.#segments.settle();
    }
    this.result ??= work?.(this.#segments).finally(() => this.#segments.settle());
    this.result?.catch((error: unknown) => lanes.end(error));
    await lanes.run();
    await this.result;
    if (isPart) return;
    const sha256 = await this.#segments.sha256(digest);
    if (sha256 !== this.#pack.sha256) throw mismatch(this.#pack, `SHA-256 ${this.#pack.sha256}`, sha256);
  }

  async #transfer(url: string, run: Run, { signal, isAlone, widen, count }: Lane): Promise<void> {
    const { tree, budget } = this.#input;
    const { bytes: packBytes } = this.#pack;
    budget.requireLeft();
    const isAll = run.start === 0 && run.end === packBytes;
    const range = { rangeStart: run.start, ...(run.end < packBytes && { rangeEnd: run.end }) };
    const options = { bytesMax: packBytes, onBytes: () => budget.requireLeft(), signal };
    const path = packPath(this.#pack);
    const { status, body } = await tree.open(url, path, isAll ? options : { ...options, ...range });
    if (status === 206) widen();
    else if (!isAlone()) {
      const at = quote(`${url}/${path}`);
      throw new OperationError("FETCH_FAILED", `expected bytes ${run.start} to ${run.end} of ${at}, got all`);
    }
    // A server that does not know Range sends it all.
    const coming = status === 206 ? run : { start: 0, end: packBytes };
    const reached = await this.#segments.pour(this.#counted(body, count), coming);
    if (reached !== coming.end) throw mismatch(this.#pack, `${coming.end} bytes`, `${reached}`);
  }

  async *#counted(
    body: AsyncIterable<Uint8Array>,
    count: (bytes: number) => void,
  ): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      count(chunk.length);
      this.bytes += chunk.length;
      yield chunk;
    }
  }
}

/**
 * What a failure means for the next attempt, which began with `start` bytes. What arrived stays for a later update, unless it is wrong.
 * `mayGoOn`: it brought something, or what several connections were refused one may get.
 */
function afterFailure(error: unknown, start: number, mayGoOn: boolean): "resume" | "anew" | "stop" {
  // What was taken up may have been wrong already; what came in one piece is what the server has.
  if (error instanceof VerificationError) return start > 0 ? "anew" : "stop";
  if (!(error instanceof RulemintError) || error.code !== "FETCH_FAILED") return "stop";
  // HTTP 416: the server's file ends before the point where we wanted to go on, or before the pack does.
  if (error.details.status === 416) return start > 0 ? "anew" : "stop";
  // SPEC §8.3.5
  if (error.details.retryAfter !== undefined) return "stop";
  return mayGoOn ? "resume" : "stop";
}

/** SPEC §8.3.3 */
function mismatch(pack: PackFacts, expected: string, got: string): VerificationError {
  return new VerificationError("PACK_DIGEST_MISMATCH", `expected ${pack.path} of ${expected}, got ${got}`);
}
