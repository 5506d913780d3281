/** The zstd of newer Node versions, for reading alone: a decoder may differ, an encoder may not. */
import * as zlib from "node:zlib";
import { VerificationError } from "../../core/errors.js";
import { frameBytes, frameContentBytes } from "../../core/format/zstd-frame.js";
import { limits } from "../../core/limits.js";

type NativeDecoder = (frame: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

const native = (zlib as { zstdDecompressSync?: NativeDecoder }).zstdDecompressSync;

/** Undefined where there is none. @throws VerificationError CODEC_FAILED, PACK_MALFORMED */
export function decompressNative(frame: Uint8Array, bytes: number): Uint8Array | undefined {
  if (native === undefined || bytes > limits.zstdBlockBytesMax) return undefined;
  const claimed = frameContentBytes(frame);
  if (claimed !== bytes || frameBytes(frame) !== frame.length) {
    throw new VerificationError(
      "CODEC_FAILED",
      `expected one frame of ${bytes} bytes, got one of ${claimed}`,
    );
  }
  let content: Uint8Array;
  try {
    content = native(frame, { maxOutputLength: Math.max(1, bytes) });
  } catch (cause) {
    throw new VerificationError("CODEC_FAILED", "expected bytes that zstd can work on", { cause });
  }
  if (content.length === bytes) return content;
  throw new VerificationError("CODEC_FAILED", `expected ${bytes} bytes, got ${content.length}`);
}
