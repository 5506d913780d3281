/** Bundles of entries (C2SP tlog-tiles): each entry after its length, u16be; so an entry has 65,535 octets at most. */
import { VerificationError } from "../errors.js";
import { concatBytes } from "../encoding/bytes.js";
import { odd, refusingWith } from "./lines.js";

export const entryBytesMax = 65_535;

/** SPEC §11.4.6. @throws VerificationError LOG_ENTRY_TOO_LARGE */
export function formatBundle(entries: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return concatBytes(
    ...entries.flatMap((entry) => {
      if (entry.length > entryBytesMax) {
        const message = `expected an entry of at most ${entryBytesMax} bytes, got ${entry.length}`;
        throw new VerificationError("LOG_ENTRY_TOO_LARGE", message);
      }
      return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
    }),
  );
}

/** Exactly `width` entries. @throws VerificationError LOG_TILE_MALFORMED */
export function parseBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  return refusingWith("LOG_TILE_MALFORMED", () => {
    const entries: Uint8Array[] = [];
    let offset = 0;
    while (offset < bytes.length) {
      const length = ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
      const end = offset + 2 + length;
      if (end > bytes.length) throw odd("whole entries", `${bytes.length - offset} bytes at ${offset}`);
      entries.push(bytes.subarray(offset + 2, end));
      offset = end;
    }
    if (entries.length !== width) throw odd(`${width} entries`, String(entries.length));
    return entries;
  });
}
