/** Reads a pack from front to back, frame by frame, with one small buffer; no length in it is believed before it is compared. */
import type { ByteSource } from "../encoding/stream.js";
import { limits } from "../limits.js";
import { malformedPack, parsePackHeader } from "./pack-header.js";
import type { PackHeader } from "./pack-header.js";
import { frameBytes, frameBytesMax, frameContentBytes, skippableHeadBytes } from "./zstd-frame.js";

const bufferBytes = 64 * 1024;

export class PackReader {
  readonly #source: ByteSource;
  #at = 0;
  #buffer: Uint8Array = new Uint8Array(0);
  /** Where the buffer starts in the source. */
  #start = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  get left(): number {
    return this.#source.length - this.#at;
  }

  async header(): Promise<PackHeader> {
    const header = parsePackHeader(await this.#peek(skippableHeadBytes + limits.packHeaderBytesMax));
    const kept = { ...header, rest: header.rest.slice() };
    this.#at += header.headerBytes;
    return kept;
  }

  /** SPEC §4.1.1: the next zstd frame and the size of what it holds. @throws VerificationError PACK_MALFORMED */
  async frame(contentBytesMax: number): Promise<{ frame: Uint8Array; contentBytes: number }> {
    const contentBytes = frameContentBytes(await this.#peek(skippableHeadBytes + 16));
    if (contentBytes > contentBytesMax) {
      throw malformedPack(`expected a frame of at most ${contentBytesMax} bytes, got ${contentBytes}`);
    }
    const bytes = await this.#peek(frameBytesMax(contentBytes));
    const length = frameBytes(bytes);
    this.#at += length;
    return { frame: bytes.slice(0, length), contentBytes };
  }

  end(): void {
    if (this.left > 0) throw malformedPack(`expected the end of the pack, got ${this.left} more bytes`);
  }

  /** Up to `length` bytes from here on; fewer only at the end. */
  async #peek(length: number): Promise<Uint8Array> {
    const wanted = Math.min(length, this.left);
    const from = this.#at - this.#start;
    if (from + wanted > this.#buffer.length) {
      this.#buffer = await this.#source.read(this.#at, Math.min(Math.max(wanted, bufferBytes), this.left));
      this.#start = this.#at;
      return this.#buffer.subarray(0, wanted);
    }
    return this.#buffer.subarray(from, from + wanted);
  }
}
