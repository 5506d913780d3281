/** ClamAV's own loader as a second opinion: every line that it refuses, not only the first. */
import { describe, expect, it } from "vitest";
import { openClamAVEngine } from "../../../src/adapters/engines/clamav.js";
import { askEngine } from "../../support/ask-engine.js";

const file = (path: string, text: string) => ({ path, bytes: new TextEncoder().encode(text) });
const engine = await openClamAVEngine();
if (engine === undefined) throw new Error("expected clamscan: run scripts/setup");

describe("clamscan", () => {
  it("takes what it loads", async () => {
    expect(engine.name).toMatch(/^clamav \d/);
    const files = [
      file("r/a.ndb", "Desk.One:0:*:6162636465\n"),
      file("r/b.hsb", `${"a".repeat(64)}:100:Desk.Two:73\n`),
    ];
    expect(await askEngine(engine, "clamav", files)).toEqual([]);
  });

  it("is not shown blank lines, which no release has", async () => {
    const lines = ["Desk.A:0:*:6162636465", "", "Desk.B:0:*:6162636466", ""];
    for (const end of ["\n", "\r\n"])
      expect(await askEngine(engine, "clamav", [file("r/a.ndb", lines.join(end) + end)])).toEqual([]);
  });

  it("names every line that it refuses, of every file", async () => {
    const files = [
      file(
        "r/a.ndb",
        "Desk.A:0:*:6162636465\nDesk.B:0:*:61626z\nDesk.C:0:*:6162636465\nDesk.D:0:*:6z626364\n",
      ),
      file("r/b.ldb", "Desk.E;Engine:51-255,Target:0;0&1;61626364;zz\n"),
    ];
    expect(await askEngine(engine, "clamav", files)).toMatchObject([
      { path: "r/a.ndb", line: 2, severity: "error", code: "CLAMAV_ENGINE" },
      { path: "r/a.ndb", line: 4, severity: "error", code: "CLAMAV_ENGINE" },
      { path: "r/b.ldb", line: 1, severity: "error", code: "CLAMAV_ENGINE" },
    ]);
  });
});
