/** The part of zstd-codec 0.1.5 that we use: its emscripten binding, below the convenience classes. */
declare module "zstd-codec/lib/zstd-codec-binding-wasm.js" {
  interface Deletable {
    delete(): void;
  }
  interface VectorU8 extends Deletable {
    resize(length: number, fill: number): void;
  }
  /** Results below zero are errors. */
  interface Binding {
    then?: unknown;
    print?: (text: string) => void;
    printErr?: (text: string) => void;
    onRuntimeInitialized?: () => void;
    VectorU8: new () => VectorU8;
    ZstdCodec: new () => Deletable & {
      compressBound(length: number): number;
      contentSize(source: VectorU8): number;
      compress(target: VectorU8, source: VectorU8, level: number): number;
      decompress(target: VectorU8, source: VectorU8): number;
      compressUsingDict(target: VectorU8, source: VectorU8, dictionary: Deletable): number;
      decompressUsingDict(target: VectorU8, source: VectorU8, dictionary: Deletable): number;
    };
    createCompressionDict(bytes: Uint8Array, level: number): Deletable;
    createDecompressionDict(bytes: Uint8Array): Deletable;
    cloneToVector(target: VectorU8, bytes: Uint8Array): void;
    cloneAsTypedArray(source: VectorU8): Uint8Array;
  }
  const makeBinding: (module: Partial<Binding>) => void;
  export type { Binding, Deletable, VectorU8 };
  export default makeBinding;
}
