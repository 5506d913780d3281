/** One real codec for all tests of a file, without threads. */
import { openPackCodec } from "../../src/adapters/codec/pack-codec.js";

export const testCodec = await openPackCodec({ workers: 0 });
