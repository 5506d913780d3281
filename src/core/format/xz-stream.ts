/**
 * As much of the xz format (1.1.0) as packs need: streams of one block of LZMA2 with a CRC-32, each made in one way and read in no other.
 * A stream is found from its end: what stands there says how long it is and how much is in it.
 */
import { concatBytes, equalBytes } from "../encoding/bytes.js";
import { crc32 } from "../encoding/crc32.js";
import { ByteReader, ByteWriter, type Complain } from "../encoding/varint.js";
import { limits } from "../limits.js";
import { readLzma2 } from "./lzma-reader.js";
import { writeLzma2 } from "./lzma-writer.js";

export const xzMagic = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0);
/** Check: CRC-32. */
const flags = Uint8Array.of(0, 1);
/** One filter, LZMA2 (0x21), with one byte: a dictionary of 8 MiB, which is as much as a block holds. */
const blockHead = sealed(Uint8Array.of(2, 0, 0x21, 1, 0x16, 0, 0, 0));
const streamHead = concatBytes(xzMagic, sealed(flags));
export const headBytes = streamHead.length + blockHead.length;
const checkBytes = 4;
const footerBytes = 12;
/** Of index and footer: 0, 1, two numbers, padding, CRC-32. */
export const tailBytesMax = 24 + footerBytes;

export interface StreamSizes {
  /** Of the whole stream. */
  readonly bytes: number;
  readonly contentBytes: number;
}

function u32le(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function sealed(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatBytes(bytes, u32le(crc32(bytes)));
}

const padding = (bytes: number): number => -bytes & 3;

/** @param blockBytes of the block's head, data and check, without padding */
function formatTail(blockBytes: number, contentBytes: number): Uint8Array<ArrayBuffer> {
  const index = new ByteWriter();
  index.byte(0);
  index.varint(1);
  index.varint(blockBytes);
  index.varint(contentBytes);
  index.bytes(new Uint8Array(padding(index.length)));
  const whole = sealed(index.take());
  const footer = concatBytes(u32le(whole.length / 4 - 1), flags);
  return concatBytes(whole, u32le(crc32(footer)), footer, Uint8Array.of(0x59, 0x5a));
}

export function writeStream(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const data = writeLzma2(content);
  const blockBytes = blockHead.length + data.length + checkBytes;
  const pad = new Uint8Array(padding(data.length));
  const check = u32le(crc32(content));
  return concatBytes(streamHead, blockHead, data, pad, check, formatTail(blockBytes, content.length));
}

/**
 * The stream that ends where `bytes` ends.
 *
 * @param bytes the last `tailBytesMax` bytes of it, or what there is
 */
export function streamAtEnd(bytes: Uint8Array, complain: Complain): StreamSizes {
  if (bytes.length < footerBytes) throw complain("expected the end of an xz stream");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const indexBytes = 4 * (view.getUint32(bytes.length - 8, true) + 1);
  const tailBytes = indexBytes + footerBytes;
  if (tailBytes > bytes.length || tailBytes > tailBytesMax)
    throw complain("expected an xz stream of one block");
  const tail = bytes.subarray(bytes.length - tailBytes);
  const reader = new ByteReader(tail, complain);
  const [marker, blocks] = [reader.byte(), reader.varint(1)];
  const blockBytes = reader.varint(limits.xzBlockPackedBytesMax);
  const contentBytes = reader.varint(limits.xzBlockBytesMax);
  if (marker !== 0 || blocks !== 1 || !equalBytes(formatTail(blockBytes, contentBytes), tail)) {
    throw complain("expected an xz stream of one block, and nothing else at its end");
  }
  const dataBytes = blockBytes - blockHead.length - checkBytes;
  if (dataBytes < 1) throw complain("expected a block of an xz stream");
  return { bytes: streamHead.length + blockBytes + padding(blockBytes) + tailBytes, contentBytes };
}

/** @param stream from head to tail, of the sizes that its end says  @throws what `complain` makes */
export function readStream(stream: Uint8Array, complain: Complain): Uint8Array {
  const sizes = streamAtEnd(stream.subarray(-tailBytesMax), complain);
  const head = concatBytes(streamHead, blockHead);
  if (sizes.bytes !== stream.length || !equalBytes(stream.subarray(0, head.length), head)) {
    throw complain("expected a whole xz stream with LZMA2");
  }
  const view = new DataView(stream.buffer, stream.byteOffset, stream.length);
  const tailBytes = 4 * (view.getUint32(stream.length - 8, true) + 1) + footerBytes;
  const blockEnd = stream.length - tailBytes;
  const reader = new ByteReader(stream.subarray(blockEnd), complain);
  reader.byte();
  reader.varint(1);
  const dataEnd = streamHead.length + reader.varint(limits.xzBlockPackedBytesMax) - checkBytes;
  if (stream.subarray(dataEnd, blockEnd - checkBytes).some((byte) => byte !== 0)) {
    throw complain("expected padding of zeros");
  }
  const content = readLzma2(stream.subarray(head.length, dataEnd), sizes.contentBytes, complain);
  if (view.getUint32(blockEnd - checkBytes, true) !== crc32(content))
    throw complain("expected the bytes of the check");
  return content;
}
