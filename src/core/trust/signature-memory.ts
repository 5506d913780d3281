/**
 * Remembers which signatures were good. The same certificates and lists come with every release, and a signature that was good
 * once stays so: what may become of a certificate later (its time, its revocation) is asked anew each time, and costs little.
 */
import { byteString } from "../encoding/bytes.js";
import { sha256 } from "../encoding/sha256.js";
import type { SignatureMemory } from "../pki/algorithms.js";

/** Some 50 kB. A path of an evidence file has about ten signatures that recur. */
const namesMax = 512;

/** For one process that judges many signatures: an endpoint that stays up, an audit, a publisher. Never kept on disk. */
export class RememberedSignatures implements SignatureMemory {
  /** Oldest first. */
  readonly #good = new Set<string>();

  /** How many are remembered, at most 512. */
  get size(): number {
    return this.#good.size;
  }

  /** @param parts everything that `check` depends on; two lists of parts are the same when each part is */
  async recall(parts: readonly Uint8Array[], check: () => Promise<boolean>): Promise<boolean> {
    const name = await nameOf(parts);
    if (this.#good.has(name)) return true;
    // SPEC §6.5.10: only what was good is remembered, so nothing that is refused stands in for anything else.
    if (!(await check())) return false;
    this.#good.add(name);
    const [oldest] = this.#good;
    if (this.#good.size > namesMax) this.#good.delete(oldest as string);
    return true;
  }
}

/** SHA-256 over the length of each part, u32 big-endian, and the part. */
async function nameOf(parts: readonly Uint8Array[]): Promise<string> {
  const framed = new Uint8Array(parts.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(framed.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length);
    framed.set(part, at + 4);
    at += 4 + part.length;
  }
  return byteString(await sha256(framed));
}
