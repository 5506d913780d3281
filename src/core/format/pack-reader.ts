/** Reads a pack from front to back, part by part, with one small buffer; no length in it is believed before it is compared. */
import type { ByteSource } from "../encoding/stream.js";
import { ByteReader } from "../encoding/varint.js";
import { limits } from "../limits.js";
import { malformedPack, parsePackHeader } from "./pack-header.js";
import type { PackHeader } from "./pack-header.js";
import { skippableHeadBytes } from "./zstd-frame.js";

const bufferBytes = 64 * 1024;
const varintBytesMax = 8;

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
    this.#at += header.headerBytes;
    return header;
  }

  /** SPEC §4.4.1: the bytes of the next part of a delta. @throws VerificationError PACK_MALFORMED */
  async part(): Promise<Uint8Array> {
    const head = new ByteReader(await this.#peek(varintBytesMax), malformedPack);
    const length = head.varint(limits.partBytesMax);
    this.#at += head.offset;
    if (length > this.left) throw malformedPack(`expected ${length} bytes of a part, got ${this.left}`);
    const bytes = (await this.#peek(length)).slice();
    this.#at += length;
    return bytes;
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
