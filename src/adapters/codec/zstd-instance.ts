/**
 * One WASM instance of zstd, and its replacement when it dies.
 *
 * The heap is 16 MiB and does not grow. An allocation that fails aborts the instance for good, so every failure
 * throws it away; the call is tried once more on a fresh one, because the old heap may only have been in pieces.
 */
import type { Binding, Deletable, VectorU8 } from "zstd-codec/lib/zstd-codec-binding-wasm.js";
import { VerificationError } from "../../core/errors.js";
import { frameBytes, frameContentBytes } from "../../core/format/zstd-frame.js";
import { limits } from "../../core/limits.js";

/** As in every full pack (SPEC §4.1.3). What fits in the heap with its tables is a block of 256 KiB, not one of 1 MiB. */
const level = 19;

export class ZstdInstance {
  readonly #blockBytesMax: number;
  #live: Promise<Binding> | undefined;
  #made = 0;

  /** Another limit than the one that holds is for tests of what happens beyond them. */
  constructor(blockBytesMax: number = limits.zstdBlockBytesMax) {
    this.#blockBytesMax = blockBytesMax;
  }

  /** How many instances there have been: for tests of what happens when one dies. */
  get made(): number {
    return this.#made;
  }

  async compress(block: Uint8Array): Promise<Uint8Array> {
    this.#checkSize(block.length);
    return this.#twice((binding) =>
      transform(binding, block, (codec, target, source) => {
        target.resize(codec.compressBound(block.length), 0);
        return codec.compress(target, source, level);
      }),
    );
  }

  /** The frame header is read by our own code first: zstd would allocate whatever it says. */
  async decompress(frame: Uint8Array, bytes: number): Promise<Uint8Array> {
    this.#checkSize(bytes);
    const claimed = frameContentBytes(frame);
    if (claimed !== bytes) throw failed(`expected a frame of ${bytes} bytes, got one of ${claimed}`);
    if (frameBytes(frame) !== frame.length) throw failed("expected one whole frame");
    const content = await this.#twice((binding) =>
      transform(binding, frame, (codec, target, source) => {
        target.resize(bytes, 0);
        return codec.decompress(target, source);
      }),
    );
    if (content.length !== bytes) throw failed(`expected ${bytes} bytes, got ${content.length}`);
    return content;
  }

  #checkSize(bytes: number): void {
    if (bytes > 0 && bytes <= this.#blockBytesMax) return;
    throw failed(`expected a block of 1 to ${this.#blockBytesMax} bytes, got ${bytes}`);
  }

  async #twice(call: (binding: Binding) => Uint8Array): Promise<Uint8Array> {
    try {
      return await this.#once(call);
    } catch {
      // the first failure is not told: if it was the data's fault the second one says the same
      try {
        return await this.#once(call);
      } catch (cause) {
        throw new VerificationError("CODEC_FAILED", "expected bytes that zstd can work on", { cause });
      }
    }
  }

  async #once(call: (binding: Binding) => Uint8Array): Promise<Uint8Array> {
    this.#live ??= this.#start();
    const binding = await this.#live;
    try {
      return call(binding);
    } catch (error) {
      this.#live = undefined;
      throw error;
    }
  }

  /** The library is loaded with the first instance: an endpoint that applies a delta needs neither. */
  async #start(): Promise<Binding> {
    this.#made++;
    const { default: makeBinding } = await import("zstd-codec/lib/zstd-codec-binding-wasm.js");
    return new Promise((resolve) => {
      // aborting prints; a program that answers in JSON must stay silent
      const binding = { print: () => undefined, printErr: () => undefined } as Partial<Binding>;
      binding.onRuntimeInitialized = () => {
        // emscripten's `then` calls back with itself: a promise would follow it for ever
        queueMicrotask(() => {
          delete binding.then;
          resolve(binding as Binding);
        });
      };
      makeBinding(binding);
    });
  }
}

type Transform = (codec: InstanceType<Binding["ZstdCodec"]>, target: VectorU8, source: VectorU8) => number;

function transform(binding: Binding, bytes: Uint8Array, work: Transform): Uint8Array {
  return using(new binding.ZstdCodec(), (codec) =>
    using(new binding.VectorU8(), (source) =>
      using(new binding.VectorU8(), (target) => {
        binding.cloneToVector(source, bytes);
        const length = work(codec, target, source);
        if (length < 0) throw new Error(`zstd answered ${length}`);
        target.resize(length, 0);
        return binding.cloneAsTypedArray(target);
      }),
    ),
  );
}

/** Frees what lives in the WASM heap, also when the work fails. */
function using<T extends Deletable, R>(thing: T, work: (thing: T) => R): R {
  try {
    return work(thing);
  } finally {
    thing.delete();
  }
}

function failed(message: string): VerificationError {
  return new VerificationError("CODEC_FAILED", message);
}
