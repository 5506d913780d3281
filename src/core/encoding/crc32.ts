/** CRC-32 of ISO 3309, as xz, gzip and zip have it: against accidents, never against people. */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let i = 0; i < 8; i++) rest = (rest & 1) === 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

export function crc32(bytes: Uint8Array): number {
  let rest = -1;
  for (let i = 0; i < bytes.length; i++) {
    rest = (rest >>> 8) ^ (table[(rest ^ (bytes[i] as number)) & 255] as number);
  }
  return ~rest >>> 0;
}
