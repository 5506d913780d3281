/** A witness's state without a disk, for tests of everything but the disk. */
import { equalBytes } from "../../src/core/encoding/bytes.js";
import type { WitnessState } from "../../src/ports/witness-state.js";

export function memoryWitnessState(): WitnessState {
  const notes = new Map<string, Uint8Array>();
  return {
    read: async (origin) => notes.get(origin),
    swap: async (origin, expected, next) => {
      const found = notes.get(origin);
      const same = expected === undefined ? found === undefined : found && equalBytes(found, expected);
      if (same === true) notes.set(origin, next);
      return same === true;
    },
  };
}
