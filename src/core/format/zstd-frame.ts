/**
 * As much of the zstd frame format (RFC 8878) as packs need: the content size before anything is decompressed,
 * where a frame ends, and skippable frames. Nothing is decompressed here.
 */
import { VerificationError } from "../errors.js";

const frameMagic = 0xfd2fb528;
/** RFC 8878 §3.1.2: sixteen magic numbers that decoders pass over. */
const skippableMagic = 0x184d2a50;
export const skippableHeadBytes = 8;
/** RFC 8878 §3.1.1.1: the longest frame header. */
const frameHeadBytesMax = 18;

function malformed(message: string): VerificationError {
  return new VerificationError("PACK_MALFORMED", message);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** RFC 8878 §3.1.1.2: blocks hold at most 128 KiB; each has a head of 3 bytes. A checksum may end the frame. */
export function frameBytesMax(contentBytes: number): number {
  const blocks = Math.ceil(contentBytes / (128 * 1024)) + 1;
  return frameHeadBytesMax + contentBytes + 3 * blocks + 4;
}

/**
 * Content size of the frame that `bytes` starts with. Frames without one, and frames that name a dictionary by id, are refused.
 *
 * @throws VerificationError PACK_MALFORMED
 */
export function frameContentBytes(bytes: Uint8Array): number {
  return parseFrameHead(bytes).contentBytes;
}

/** RFC 8878 §3.1.1.1: magic, descriptor, window, dictionary id, content size. */
function parseFrameHead(bytes: Uint8Array): { headBytes: number; contentBytes: number; checksum: boolean } {
  if (bytes.length < 6 || view(bytes).getUint32(0, true) !== frameMagic)
    throw malformed("expected a zstd frame");
  const descriptor = bytes[4] as number;
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >>> 6;
  if ((descriptor & 0x1b) !== 0)
    throw malformed("expected a zstd frame without unused bits and dictionary id");
  const sizeBytes = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
  if (sizeBytes === 0) throw malformed("expected a zstd frame with its content size");
  const at = singleSegment ? 5 : 6;
  if (bytes.length < at + sizeBytes) throw malformed("expected a whole zstd frame header");
  const fields = view(bytes);
  let contentBytes: number;
  if (sizeBytes === 1) contentBytes = fields.getUint8(at);
  else if (sizeBytes === 2) contentBytes = fields.getUint16(at, true) + 256;
  else if (sizeBytes === 4) contentBytes = fields.getUint32(at, true);
  else contentBytes = Number(fields.getBigUint64(at, true));
  return { headBytes: at + sizeBytes, contentBytes, checksum: (descriptor & 0x04) !== 0 };
}

/**
 * Length of the frame that `bytes` starts with; its blocks are walked, not read.
 *
 * @throws VerificationError PACK_MALFORMED when the frame goes on behind `bytes`.
 */
export function frameBytes(bytes: Uint8Array): number {
  const { headBytes, checksum } = parseFrameHead(bytes);
  let at = headBytes;
  for (;;) {
    if (at + 3 > bytes.length) throw malformed("expected a whole zstd frame");
    const head = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
    const type = (head >>> 1) & 3;
    if (type === 3) throw malformed("expected a zstd block of a known type");
    at += 3 + (type === 1 ? 1 : head >>> 3);
    if ((head & 1) === 1) break;
  }
  if (checksum) at += 4;
  if (at > bytes.length) throw malformed("expected a whole zstd frame");
  return at;
}

/** A frame that every zstd decoder passes over. `variant` is the last hexadecimal digit of its magic number. */
export function formatSkippable(variant: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(skippableHeadBytes + content.length);
  view(frame).setUint32(0, skippableMagic + variant, true);
  view(frame).setUint32(4, content.length, true);
  frame.set(content, skippableHeadBytes);
  return frame;
}

/** Content length of the skippable frame that `bytes` starts with; undefined when it starts with something else. */
export function skippableBytes(bytes: Uint8Array, variant: number): number | undefined {
  if (bytes.length < skippableHeadBytes || view(bytes).getUint32(0, true) !== skippableMagic + variant)
    return undefined;
  return view(bytes).getUint32(4, true);
}
