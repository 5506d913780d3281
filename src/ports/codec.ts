/** The compressor's interface belongs to the format; see `core/format/codec.ts` for the contract. */
export type { Codec, PackMethod } from "../core/format/codec.js";
