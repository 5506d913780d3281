/**
 * Small files that are asked for at the same moment travel together: a round trip each would take longer than compiling them. What
 * arrives is cut by the lengths that come with it and otherwise not looked at; whoever asked compares digests.
 */
import type { Sha256Hex } from "../../core/brands.js";
import { OperationError, VerificationError } from "../../core/errors.js";

export interface FileRequests {
  one(sha256: Sha256Hex, bytesMax: number): Promise<Uint8Array>;
  /** Each file with its length in front: 8 bytes, most significant first. */
  many(digests: readonly Sha256Hex[], bytesMax: number): Promise<Uint8Array>;
}

interface Waiting {
  readonly sha256: Sha256Hex;
  readonly bytesMax: number;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** As the contract of `/v1/sources` has it. */
const filesMax = 64;
/** Larger files go alone. */
const smallBytesMax = 256 * 1024;
const lengthBytes = 8;

export class FileBatches {
  readonly #requests: FileRequests;
  #waiting: Waiting[] = [];

  constructor(requests: FileRequests) {
    this.#requests = requests;
  }

  read(sha256: Sha256Hex, bytesMax: number): Promise<Uint8Array> {
    if (bytesMax > smallBytesMax) return this.#requests.one(sha256, bytesMax);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ sha256, bytesMax, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => this.#flush());
      if (this.#waiting.length === filesMax) this.#flush();
    });
  }

  #flush(): void {
    const batch = this.#waiting.splice(0);
    if (batch.length > 0) void this.#fetch(batch);
  }

  async #fetch(batch: readonly Waiting[]): Promise<void> {
    const bytesMax = batch.reduce((sum, one) => sum + one.bytesMax + lengthBytes, 0);
    try {
      const answer = await this.#requests.many(
        batch.map(({ sha256 }) => sha256),
        bytesMax,
      );
      const files = cut(answer, batch);
      for (const [i, { resolve }] of batch.entries()) resolve(files[i] as Uint8Array);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

function cut(answer: Uint8Array, batch: readonly Waiting[]): Uint8Array[] {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.length);
  let offset = 0;
  const files = batch.map(({ sha256, bytesMax }) => {
    if (offset + lengthBytes > answer.length) throw short(batch.length);
    const length = view.getBigUint64(offset);
    offset += lengthBytes;
    if (length > BigInt(bytesMax)) {
      throw new VerificationError(
        "FETCH_TOO_LARGE",
        `expected at most ${bytesMax} bytes of ${sha256}, got ${length}`,
      );
    }
    if (offset + Number(length) > answer.length) throw short(batch.length);
    offset += Number(length);
    return answer.subarray(offset - Number(length), offset);
  });
  if (offset !== answer.length) throw short(batch.length);
  return files;
}

function short(files: number): OperationError {
  return new OperationError("SERVER_REFUSED", `expected ${files} files with their lengths, got other bytes`);
}
