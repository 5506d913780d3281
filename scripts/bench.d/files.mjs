// Files as the core reads and writes them.
import { closeSync, openSync, readSync, statSync, writeSync } from "node:fs";

export function fileSource(path) {
  const handle = openSync(path, "r");
  const readNow = (offset, length, into) => {
    const bytes = into?.subarray(0, length) ?? new Uint8Array(length);
    if (readSync(handle, bytes, 0, length, offset) !== length) throw new Error(`${path} ends early`);
    return bytes;
  };
  return { length: statSync(path).size, read: async (...place) => readNow(...place), readNow };
}

export function fileSink(path) {
  const handle = openSync(path, "w");
  return { write: async (bytes) => void writeSync(handle, bytes), close: () => closeSync(handle) };
}
