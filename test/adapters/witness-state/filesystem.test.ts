import { describe, expect, it } from "vitest";
import { openFilesystemWitnessState } from "../../../src/adapters/witness-state/filesystem.js";
import { utf8Bytes } from "../../../src/core/encoding/bytes.js";
import { temporaryFolder } from "../../support/temporary.js";

const [one, two] = [utf8Bytes("one"), utf8Bytes("two")];

describe("a witness's state in a folder", () => {
  it("swaps what is expected and nothing else, log by log, and is the same when it is opened again", async () => {
    const folder = await temporaryFolder();
    const state = await openFilesystemWitnessState(folder.path);
    expect(await state.swap("a", one, two)).toBe(false);
    expect(await state.swap("a", undefined, one)).toBe(true);
    expect(await state.swap("a", undefined, two)).toBe(false);
    expect(await state.swap("b/../../c", undefined, two)).toBe(true);
    const again = await openFilesystemWitnessState(folder.path);
    expect([await again.read("a"), await again.read("b/../../c"), await again.read("d")]).toEqual([
      one,
      two,
      undefined,
    ]);
    expect(await again.swap("a", one, two)).toBe(true);
    await folder.remove();
  });

  it("lets one of many that expect the same succeed, across two openings", async () => {
    const folder = await temporaryFolder();
    const states = [
      await openFilesystemWitnessState(folder.path),
      await openFilesystemWitnessState(folder.path),
    ];
    const swaps = Array.from({ length: 12 }, (_, i) =>
      states[i % 2]?.swap("a", undefined, utf8Bytes(`note ${i}`)),
    );
    const results = await Promise.all(swaps);
    expect(results.filter((won) => won === true)).toHaveLength(1);
    expect(await states[0]?.read("a")).toEqual(utf8Bytes(`note ${results.indexOf(true)}`));
    await folder.remove();
  });
});
