/**
 * A changed pack is refused: by its digest, which the signed manifest names, always; and every fiftieth mutant is also read without that
 * help, where it yields an error of ours or the same database. The seed is fixed.
 */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { byteChanges, mutantCount, sweep } from "../../support/mutants.js";
import { apply, codeOf, database, delta, rules } from "./samples.js";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("a changed pack is refused", () => {
  it("whatever is changed in it, with a typed error, in less than 200 ms", async () => {
    const [from, to] = [await database({ ioc: rules(20) }), await database({ ioc: rules(30) })];
    const [good, other] = [await delta(from, to), await delta(to, from)];
    const named = sha256(good);
    let read = 0;
    const verdict = async (mutant: Uint8Array, i: number): Promise<string> => {
      if (sha256(mutant) === named) return "accepted";
      if (i % 50 !== 0) return "PACK_DIGEST_MISMATCH";
      read++;
      let made: Uint8Array | undefined;
      const code = await codeOf(async () => {
        made = await apply(from, mutant);
      });
      return code !== "success"
        ? code
        : Buffer.compare(made as Uint8Array, to) === 0
          ? "the same database"
          : "accepted";
    };
    expect(await codeOf(() => apply(from, good))).toBe("success");
    const found = await sweep("pack", good, byteChanges(other), verdict, 4);
    console.log(`pack: ${read} of them read without the digest of the manifest`);
    expect(found.accepted).toEqual([]);
    expect(found.tried).toBe(mutantCount("pack"));
    expect(found.slowestMs).toBeLessThan(200);
  });
});
