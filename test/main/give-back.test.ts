/** Garbage of the start goes when it is told to, and no other code of the process gets a collector in its hands. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { giveBackMemory } from "../../src/main/give-back.js";

it("collects what nothing holds any more, and leaves no gc() behind", async () => {
  const held = { what: "held" };
  const refs = [new WeakRef(held), new WeakRef({ what: "left behind" })];
  // A weak reference holds its target until the turn in which it was made has ended.
  await new Promise((next) => setImmediate(next));
  giveBackMemory();
  expect(refs.map((ref) => ref.deref()?.what)).toEqual(["held", undefined]);
  expect("gc" in globalThis).toBe(false);
  expect(held.what).toBe("held");
});

it("keeps the young generation of an endpoint's process small, however much garbage survives for a moment", () => {
  const module = new URL("../../dist/main/give-back.js", import.meta.url);
  const program = (tuned: boolean) => `
    import v8 from "node:v8";
    import { tuneForEndpoint } from ${JSON.stringify(module.href)};
    if (${tuned}) tuneForEndpoint();
    let some = [];
    for (let i = 0; i < 2_000_000; i++) {
      some.push({ i });
      if (some.length === 100_000) some = [];
    }
    console.log(v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space").space_size);`;
  const youngBytes = (tuned: boolean) =>
    Number(
      execFileSync(process.execPath, ["--input-type=module", "-e", program(tuned)], {
        cwd: fileURLToPath(new URL("../..", import.meta.url)),
      }),
    );
  expect(youngBytes(false)).toBeGreaterThan(8 << 20);
  expect(youngBytes(true)).toBeLessThanOrEqual(4 << 20);
});
