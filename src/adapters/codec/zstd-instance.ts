/**
 * One WASM instance of zstd, and its replacement when it dies.
 *
 * The heap is 16 MiB and does not grow. An allocation that fails aborts the instance for good, so every failure
 * throws it away; the call is tried once more on a fresh one, because the old heap may only have been in pieces.
 */
import makeBinding from "zstd-codec/lib/zstd-codec-binding-wasm.js";
import type { Binding, Deletable, VectorU8 } from "zstd-codec/lib/zstd-codec-binding-wasm.js";
import { VerificationError } from "../../core/errors.js";
import type { CodecBlock } from "../../core/format/codec.js";
import { frameBytes, frameContentBytes } from "../../core/format/zstd-frame.js";
import { limits } from "../../core/limits.js";

/** Sizes that fit in the heap together with the tables of level 19. */
const heapLimits = {
  blockBytesMax: limits.codecBlockBytesMax,
  blockWithDictionaryBytesMax: 128 * 1024,
  dictionaryBytesMax: limits.codecDictionaryBytesMax,
};

export class ZstdInstance {
  readonly #limits: typeof heapLimits;
  #live: Promise<Binding> | undefined;
  #made = 0;

  /** Other limits than those that hold are for tests of what happens beyond them. */
  constructor(sizes = heapLimits) {
    this.#limits = sizes;
  }

  /** How many instances there have been: for tests of what happens when one dies. */
  get made(): number {
    return this.#made;
  }

  compress(block: CodecBlock): Promise<Uint8Array> {
    const dictionary = block.dictionary?.length ? block.dictionary : undefined;
    const most = dictionary ? this.#limits.blockWithDictionaryBytesMax : this.#limits.blockBytesMax;
    checkSize("block", block.bytes.length, most);
    checkSize("dictionary", dictionary?.length ?? 0, this.#limits.dictionaryBytesMax);
    return this.#twice((binding) =>
      transform(binding, block.bytes, (codec, target, source) => {
        target.resize(codec.compressBound(block.bytes.length), 0);
        if (!dictionary) return codec.compress(target, source, block.level);
        return using(binding.createCompressionDict(dictionary, block.level), (made) =>
          codec.compressUsingDict(target, source, made),
        );
      }),
    );
  }

  /** The frame header is read by our own code first: zstd would allocate whatever it says. */
  async decompress(frame: Uint8Array, bytes: number, dictionary?: Uint8Array): Promise<Uint8Array> {
    checkSize("block", bytes, this.#limits.blockBytesMax);
    checkSize("dictionary", dictionary?.length ?? 0, this.#limits.dictionaryBytesMax);
    const claimed = frameContentBytes(frame);
    if (claimed !== bytes) throw failed(`expected a frame of ${bytes} bytes, got one of ${claimed}`);
    if (frameBytes(frame) !== frame.length) throw failed("expected one whole frame");
    // nothing to give back, and the library takes an empty answer for an error
    if (bytes === 0) return new Uint8Array(0);
    const content = await this.#twice((binding) =>
      transform(binding, frame, (codec, target, source) => {
        target.resize(bytes, 0);
        if (!dictionary?.length) return codec.decompress(target, source);
        return using(binding.createDecompressionDict(dictionary), (made) =>
          codec.decompressUsingDict(target, source, made),
        );
      }),
    );
    if (content.length !== bytes) throw failed(`expected ${bytes} bytes, got ${content.length}`);
    return content;
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

  #start(): Promise<Binding> {
    this.#made++;
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

function checkSize(what: string, bytes: number, most: number): void {
  if (bytes > most) throw failed(`expected a ${what} of at most ${most} bytes, got ${bytes}`);
}

function failed(message: string): VerificationError {
  return new VerificationError("CODEC_FAILED", message);
}
