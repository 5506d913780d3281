/**
 * The codec for work that nobody waits for: it takes the processor's time that others leave, one piece after the other, and reads as well
 * as it compresses outside of the caller's thread. The same bytes as every other codec's.
 */
import type { Codec } from "../core/format/codec.js";

export interface QuietCodec extends Codec {
  /** Ends what is under way at once: it throws OperationError INTERRUPTED, and so does what is asked afterwards. */
  close(): Promise<void>;
}

export type OpenQuietCodec = () => QuietCodec;
