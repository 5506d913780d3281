/** `release list` answers what whoever looks at it wants to know: how far each is, and why not further. */
import { expect, it } from "vitest";
import { release } from "./examples.js";
import { run } from "./fake-doors.js";

it("says why a release failed, what one waits for, and else why it was built", async () => {
  const items = [
    release({ release: 3, state: "signed", waitingFor: "TSA_UNAVAILABLE: expected an answer, got none" }),
    release({
      release: 2,
      state: "failed",
      waitingFor: "GATE_FAILED: load yara: line 3",
      reason: "new rules",
    }),
    release({ release: 1, state: "published", waitingFor: null, reason: "the first" }),
  ];
  const service = { listReleases: async () => ({ items, next: null }) };
  const { stdout } = await run(["release", "list", "--feed", "endpoint"], { service });
  const lines = stdout.split("\n");
  expect(lines[1]).toMatch(/^3 +signed, waiting .*TSA_UNAVAILABLE: expected an answer, got none/);
  expect(lines[2]).toMatch(/^2 +failed .*GATE_FAILED: load yara: line 3/);
  expect(lines[3]).toMatch(/^1 +published .*the first/);
});
