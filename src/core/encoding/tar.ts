/**
 * A tar archive has one form here: ustar headers for regular files, a PAX record before a path that does not fit (POSIX.1-2017,
 * pax). Times, owners and modes are constant, so the same files give the same archive.
 */
import { utf8Bytes } from "./bytes.js";

export const tarBlockBytes = 512;

/** Header blocks of a regular file; its content and `tarPadding` follow. */
export function tarHeader(path: string, bytes: number): Uint8Array {
  const name = utf8Bytes(path);
  if (name.length <= 100 && name.length === path.length) return headerBlock(path, bytes, "0");
  const record = paxRecord("path", path);
  const padded = new Uint8Array(record.length + tarPadding(record.length).length);
  padded.set(record);
  const blocks = [headerBlock("PaxHeader", record.length, "x"), padded, headerBlock("file", bytes, "0")];
  const whole = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let offset = 0;
  for (const block of blocks) {
    whole.set(block, offset);
    offset += block.length;
  }
  return whole;
}

export function tarPadding(bytes: number): Uint8Array {
  return new Uint8Array((tarBlockBytes - (bytes % tarBlockBytes)) % tarBlockBytes);
}

export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * tarBlockBytes);
}

function headerBlock(name: string, bytes: number, type: "0" | "x"): Uint8Array {
  const block = new Uint8Array(tarBlockBytes);
  const write = (offset: number, text: string) => block.set(utf8Bytes(text), offset);
  write(0, name);
  write(100, "0000644\0");
  write(108, "0000000\0");
  write(116, "0000000\0");
  write(124, `${bytes.toString(8).padStart(11, "0")}\0`);
  write(136, "00000000000\0");
  write(148, "        ");
  write(156, type);
  write(257, "ustar\x0000");
  const sum = block.reduce((total, byte) => total + byte, 0);
  write(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** `length key=value\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): Uint8Array {
  const rest = utf8Bytes(` ${key}=${value}\n`).length;
  let length = rest + 1;
  while (String(length).length + rest !== length) length++;
  return utf8Bytes(`${length} ${key}=${value}\n`);
}
