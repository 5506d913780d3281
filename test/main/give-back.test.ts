/** Garbage of the start goes when it is told to, and no other code of the process gets a collector in its hands. */
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
