/** One real codec for all tests of a file, without threads. */
import { openZstdCodec } from "../../src/adapters/codec/zstd-codec.js";

export const testCodec = await openZstdCodec({ workers: 0 });
