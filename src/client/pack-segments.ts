/**
 * What is here of a pack that comes over the network: scratch files that each hold a segment of it and grow at their ends, so that several
 * connections can bring segments at once, and whatever ends them, every segment goes on at the byte where it ended.
 *
 * It is read like a whole pack: who reads what is not here yet waits for it, and has it asked for before the rest.
 */
import type { ByteSource, DigestFactory } from "../core/encoding/stream.js";
import { OperationError } from "../core/errors.js";
import { hexText } from "../core/encoding/bytes.js";
import type { PackFacts } from "../core/format/model.js";
import type { EndpointScratch, ScratchFile } from "../ports/endpoint-store.js";
import type { OpenObject } from "../ports/object-store.js";

const mebibyte = 1024 * 1024;
/** Below this, a pack is one segment. */
const dividedBytesMin = 4 * mebibyte;
const segmentBytesMin = mebibyte;
const segmentsMax = 256;
/** One request asks for a segment, or for as many as are at most this and a sixteenth of the pack. */
const runBytesMax = 4 * mebibyte;
const runsMin = 16;
const readBytes = mebibyte;

export const isDownload = (name: string) => name.startsWith("pack-");

/** SPEC §8.3.9: a mebibyte, doubled as often as 256 segments ask for; a small pack is one. */
export function segmentBytesOf(packBytes: number): number {
  if (packBytes < dividedBytesMin) return Math.max(1, packBytes);
  let bytes = segmentBytesMin;
  while (bytes * segmentsMax < packBytes) bytes *= 2;
  return bytes;
}

/** Bytes of the pack that one request asks for. */
export interface Run {
  readonly start: number;
  readonly end: number;
}

export class PackSegments implements ByteSource {
  readonly length: number;
  /** How many. */
  readonly count: number;
  readonly #scratch: EndpointScratch;
  readonly #name: string;
  readonly #segmentBytes: number;
  /** Bytes that are in the file of each. */
  readonly #here: number[];
  /** Those that readers wait for, the last to ask first; and all that are to be brought. */
  #wanted: number[] = [];
  readonly #needed = new Set<number>();
  /** Those that a connection brings now. */
  readonly #underWay = new Set<number>();
  #waiting: (() => void)[] = [];
  #stopped: { readonly reason: unknown } | undefined;
  #isSettled = false;

  private constructor(scratch: EndpointScratch, { sha256, bytes }: PackFacts) {
    this.#scratch = scratch;
    this.#name = `pack-${sha256}`;
    this.length = bytes;
    this.#segmentBytes = segmentBytesOf(bytes);
    this.count = Math.max(1, Math.ceil(bytes / this.#segmentBytes));
    this.#here = new Array<number>(this.count).fill(0);
  }

  /** With what an earlier update left. @throws OperationError STORE_FAILED */
  static async open(scratch: EndpointScratch, pack: PackFacts): Promise<PackSegments> {
    const segments = new PackSegments(scratch, pack);
    for (let number = 0; number < segments.count; number++) await segments.#measure(number);
    const isSound = segments.#here.every((bytes, number) => bytes <= segments.#size(number));
    if (!isSound) await segments.discard();
    return segments;
  }

  get bytesHere(): number {
    return this.#here.reduce((sum, bytes) => sum + bytes, 0);
  }

  get isWhole(): boolean {
    return this.#here.every((_, number) => this.#isHere(number));
  }

  /** Of all of it, in hexadecimal. */
  async sha256(factory: DigestFactory): Promise<string> {
    const digest = factory();
    for (let at = 0; at < this.length; at += readBytes) {
      digest.update(await this.read(at, Math.min(readBytes, this.length - at)));
    }
    return hexText(digest.finish());
  }

  /** These bytes are to be brought. */
  need({ start, end }: Run): void {
    for (const number of this.#between(start, end)) this.#needed.add(number);
    this.wake();
  }

  /** Nothing more will be needed than what is by now. */
  settle(): void {
    this.#isSettled = true;
    this.wake();
  }

  /** All that was needed is here, and nothing more will be. */
  get isDone(): boolean {
    return this.#isSettled && [...this.#needed].every((number) => this.#isHere(number));
  }

  /** The next bytes to ask for, of segments that nobody else brings; undefined when there are none now. */
  take(): Run | undefined {
    const isFree = (number: number) => !this.#isHere(number) && !this.#underWay.has(number);
    const isNext = (number: number) => isFree(number) && this.#needed.has(number);
    // What is at the end says where all else is.
    const first = [...this.#wanted, this.count - 1, ...this.#needed].find(isNext);
    if (first === undefined) return undefined;
    const start = first * this.#segmentBytes;
    const bytesMax = Math.min(runBytesMax, this.length / runsMin);
    const fits = (behind: number) => (behind - first) * this.#segmentBytes <= bytesMax;
    let next = first + 1;
    while (isNext(next) && this.#here[next] === 0 && fits(next + 1)) next++;
    for (let number = first; number < next; number++) this.#underWay.add(number);
    return {
      start: start + (this.#here[first] as number),
      end: Math.min(this.length, next * this.#segmentBytes),
    };
  }

  /** Whoever took these bytes brings no more of them. */
  release({ start, end }: Run): void {
    for (const number of this.#between(start, end)) this.#underWay.delete(number);
    this.wake();
  }

  /**
   * Puts away what a connection brings, from byte `start` of the pack up to `end`; what is here already is passed over. Returns how far it
   * came. What arrived before the body broke is kept.
   */
  async pour(body: AsyncIterable<Uint8Array>, { start, end }: Run): Promise<number> {
    let at = start;
    let open: { readonly number: number; readonly file: ScratchFile } | undefined;
    const close = async () => {
      const closing = open;
      open = undefined;
      if (closing === undefined) return;
      try {
        await closing.file.close();
      } finally {
        await this.#measure(closing.number);
      }
    };
    try {
      for await (const chunk of body) {
        for (let rest = chunk.subarray(0, end - at); rest.length > 0; ) {
          const number = Math.floor(at / this.#segmentBytes);
          const within = at - number * this.#segmentBytes;
          const part = rest.subarray(0, this.#size(number) - within);
          const known = open === undefined ? (this.#here[number] as number) - within : 0;
          if (known < part.length) {
            open ??= { number, file: await this.#scratch.append(this.#file(number)) };
            await open.file.write(part.subarray(Math.max(0, known)));
          }
          at += part.length;
          rest = rest.subarray(part.length);
          if (within + part.length === this.#size(number)) await close();
        }
      }
    } finally {
      await close();
    }
    return at;
  }

  /** @throws what `stop` was told, when it is not here by then; OperationError STORE_FAILED */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const numbers = this.#between(offset, offset + length);
    this.#want(numbers);
    for (const number of numbers) {
      await this.#arrived(number);
      const start = number * this.#segmentBytes;
      const from = Math.max(offset, start);
      const to = Math.min(offset + length, start + this.#size(number));
      const file = await this.#openFile(number);
      try {
        bytes.set(await file.read(from - start, to - from), from - offset);
      } finally {
        await file.close();
      }
    }
    return bytes;
  }

  /** Nothing more will come: who waits for it is told why. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason };
    this.wake();
  }

  /** Nothing of it is here any more, and all is as at the beginning. */
  async discard(): Promise<void> {
    await this.#scratch.prune((name) => name !== this.#name && !name.startsWith(`${this.#name}-`));
    this.#here.fill(0);
    this.#wanted = [];
    this.#needed.clear();
    this.#stopped = undefined;
    this.#isSettled = false;
  }

  /** Settles at the next change of what is here or asked for. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Whoever waits looks again. */
  wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #want(numbers: readonly number[]): void {
    const missing = numbers.filter((number) => !this.#isHere(number));
    if (missing.length === 0) return;
    this.#wanted = [
      ...missing,
      ...this.#wanted.filter((one) => !missing.includes(one) && !this.#isHere(one)),
    ];
    for (const number of missing) this.#needed.add(number);
    this.wake();
  }

  async #arrived(number: number): Promise<void> {
    while (!this.#isHere(number)) {
      if (this.#stopped !== undefined) throw this.#stopped.reason;
      await this.changed();
    }
  }

  #isHere(number: number): boolean {
    return this.#here[number] === this.#size(number);
  }

  #size(number: number): number {
    return Math.min(this.#segmentBytes, this.length - number * this.#segmentBytes);
  }

  #file(number: number): string {
    return this.count === 1 ? this.#name : `${this.#name}-${number}`;
  }

  #between(start: number, end: number): number[] {
    const first = Math.floor(start / this.#segmentBytes);
    const behind = Math.ceil(end / this.#segmentBytes);
    return Array.from({ length: Math.max(0, behind - first) }, (_, i) => first + i);
  }

  async #measure(number: number): Promise<void> {
    const file = await this.#scratch.open(this.#file(number));
    await file?.close();
    this.#here[number] = file?.length ?? 0;
    this.wake();
  }

  async #openFile(number: number): Promise<OpenObject> {
    const file = await this.#scratch.open(this.#file(number));
    if (file === undefined)
      throw new OperationError("STORE_FAILED", `expected ${this.#file(number)}, got nothing`);
    return file;
  }
}
