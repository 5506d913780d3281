import fc from "fast-check";
import { expect, it } from "vitest";
import { nodeDigest } from "../../src/adapters/node-digest.js";
import { sha256Digest } from "../../src/core/encoding/sha256.js";

it("is the digest that core makes, wherever the bytes are cut and whatever their caller does with them later", () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 1500 }), { maxLength: 5 });
  fc.assert(
    fc.property(parts, (list) => {
      const [node, core] = [nodeDigest(), sha256Digest()];
      for (const part of list) {
        core.update(part);
        const lent = part.slice();
        node.update(lent);
        lent.fill(0);
      }
      expect(node.finish()).toEqual(core.finish());
    }),
  );
});
