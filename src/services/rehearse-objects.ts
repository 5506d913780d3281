/** Objects that are put are held in memory, as far as a submission may be large, and forgotten with the store. */
import { sha256Hex, type Sha256Hex } from "../core/brands.js";
import { concatBytes, hexText } from "../core/encoding/bytes.js";
import { memorySource } from "../core/encoding/stream.js";
import type { ObjectStore, OpenObject } from "../ports/object-store.js";
import type { ServiceContext } from "./context.js";

export function createRehearsedObjects(context: Pick<ServiceContext, "objects" | "digest">): ObjectStore {
  const held = new Map<Sha256Hex, Uint8Array>();
  return {
    put: async (chunks) => {
      const parts: Uint8Array[] = [];
      const digest = context.digest();
      for await (const chunk of chunks) {
        // A copy: the caller may use its array again.
        parts.push(chunk.slice());
        digest.update(chunk);
      }
      const bytes = concatBytes(...parts);
      const sha256 = sha256Hex(hexText(digest.finish()));
      held.set(sha256, bytes);
      return { sha256, bytes: bytes.length };
    },
    open: async (sha256): Promise<OpenObject | undefined> => {
      const bytes = held.get(sha256);
      if (bytes === undefined) return context.objects.open(sha256);
      return { ...memorySource(bytes), close: () => Promise.resolve() };
    },
  };
}
