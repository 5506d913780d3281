/** Small documents in a compiler's memory, each with its digest in front: one that is damaged is as if it were not there. */
import { hexText, utf8Bytes, utf8Text } from "../encoding/bytes.js";
import { sha256 } from "../encoding/sha256.js";
import { VerificationError } from "../errors.js";
import type { CompileMemory } from "./compile-inputs.js";

export async function recall<T>(memory: CompileMemory, key: string): Promise<T | undefined> {
  const source = await memory.open(key);
  if (source === undefined) return undefined;
  try {
    const text = utf8Text(await source.read(0, source.length));
    const end = text.indexOf("\n");
    const body = text.slice(end + 1);
    return (await digestOf(body)) === text.slice(0, end) ? (JSON.parse(body) as T) : undefined;
  } catch (error) {
    if (error instanceof VerificationError) return undefined;
    throw error;
  } finally {
    await source.close();
  }
}

export async function remember(memory: CompileMemory, key: string, document: object): Promise<void> {
  const body = JSON.stringify(document);
  await memory.put(key, utf8Bytes(`${await digestOf(body)}\n${body}`));
}

/** Remembers from now on, and nothing from before. */
export function newMemory(memory: CompileMemory): CompileMemory {
  const known = new Set<string>();
  return {
    open: async (key) => (known.has(key) ? memory.open(key) : undefined),
    put: async (key, bytes) => {
      await memory.put(key, bytes);
      known.add(key);
    },
  };
}

async function digestOf(text: string): Promise<string> {
  return hexText(await sha256(utf8Bytes(text)));
}
