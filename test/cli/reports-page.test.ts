/** The page of a rollout's reports: what it shows, where its curves run, and that nothing which others wrote becomes markup. */
import { describe, expect, it } from "vitest";
import type { ReportCurve, Rollout } from "../../src/cli/api-client.js";
import { renderReportsPage } from "../../src/cli/reports-page/reports-page.js";
import { OperationError, UsageError } from "../../src/core/errors.js";
import { elements } from "../support/markup.js";
import { run } from "./fake-doors.js";

const at = new Date("2026-11-29T12:30:00Z");

function curve(changes: Partial<ReportCurve> = {}): ReportCurve {
  return {
    ...{ feed: "endpoint", release: 7, region: null, anonymous: 10 },
    total: { installed: 1_250, failed: 30, rolledBack: 20 },
    hours: [
      { hour: "2026-11-29T09", installed: 250, failed: 0, rolledBack: 0 },
      { hour: "2026-11-29T10", installed: 900, failed: 10, rolledBack: 20 },
      { hour: "2026-11-29T12", installed: 100, failed: 20, rolledBack: 0 },
    ],
    groups: [
      { outcome: "installed", path: "delta", code: null, count: 1_250, rules: [4_100, 4_200] },
      { outcome: "failed", path: "full", code: "ENGINE_REFUSED", count: 30, rules: null },
      { outcome: "rolled-back", path: null, code: null, count: 20, rules: null },
    ],
    ...changes,
  };
}

function rollout(changes: Partial<Rollout> = {}): Rollout {
  return {
    ...{ feed: "endpoint", candidate: 7, stable: 6, stage: 1, state: "halted", asked: null },
    stages: [100, 1000].map((permille) => ({ permille, hours: 4 })),
    stageSince: "2026-11-29T10:05:00Z",
    events: [
      { at: "2026-11-29T09:00:00Z", what: "started", permille: 100, by: [], reason: "" },
      { at: "2026-11-29T10:05:00Z", what: "skipped", permille: 1000, by: ["rita", "rolf"], reason: "urgent" },
      { at: "2026-11-29T12:20:00Z", what: "halted", permille: 0, by: [], reason: "failures: 50 of 1300" },
    ],
    ...changes,
  };
}

/** Where each line of a page's pictures runs, as pairs of x and y. */
const ways = (page: string) =>
  [...page.matchAll(/<path d="M([^"]*)" stroke="#\w+" stroke-width="1.8"/g)].map(([, way = ""]) =>
    way.split("L").map((pair) => pair.split(" ").map(Number) as [number, number]),
  );

describe("the page of a release's reports", () => {
  it("shows figures, curves, what was done by whom, outcomes and hours", () => {
    const page = renderReportsPage(curve(), rollout(), at);
    const wanted = [
      "1,250",
      "HALTED",
      "rita and rolf",
      "skipped, 1000 of 1000",
      "urgent",
      "ENGINE_REFUSED",
      "4,100 to 4,200",
      "release 6",
    ];
    for (const shown of [...wanted, "Fewer than 10 endpoints", "2026-11-29 12:30 UTC", ">38<"])
      expect(page).toContain(shown);
    expect(elements(page).filter((name) => name === "svg")).toHaveLength(2);
  });

  it("draws counts that never fall, inside the picture, to the last of them", () => {
    const lines = ways(renderReportsPage(curve(), rollout(), at));
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      for (const [i, [x, y]] of line.entries()) {
        const [beforeX, beforeY] = line[i - 1] ?? [52, 182];
        expect(x).toBeGreaterThanOrEqual(beforeX);
        expect(y).toBeLessThanOrEqual(beforeY);
        expect(x).toBeLessThanOrEqual(712);
        expect(y).toBeGreaterThanOrEqual(36);
      }
    }
    // The highest count of each picture is its upper edge, at the time of reading.
    expect(lines[0]?.at(-1)).toEqual([712, 36]);
    expect(lines[1]?.at(-1)).toEqual([712, 36]);
  });

  it("needs nothing from anywhere", () => {
    const page = renderReportsPage(curve(), rollout(), at);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/\b(src|href)=|@import|url\(|<script/);
  });

  it("has no curve where nobody said anything, and no events of another release", () => {
    const silent = { hours: [], groups: [], total: { installed: 0, failed: 0, rolledBack: 0 } };
    expect(elements(renderReportsPage(curve(silent), rollout(), at))).not.toContain("svg");
    const other = renderReportsPage(curve(), rollout({ candidate: 8 }), at);
    expect(other).toContain("Not in a rollout");
    expect(other).not.toContain("urgent");
    expect(renderReportsPage(curve(), undefined, at)).toContain("Not in a rollout");
  });

  it.each(["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><b>", "\u202egnit\u0007"])(
    "turns nothing that others wrote into markup: %j",
    (text) => {
      const sound = elements(renderReportsPage(curve(), rollout(), at));
      const events = rollout().events.map((one) => ({ ...one, by: [text], reason: text }));
      const groups = curve().groups.map((one) => ({ ...one, path: text, code: text }));
      const page = renderReportsPage(curve({ groups, region: text }), rollout({ events }), at);
      expect(elements(page)).toEqual(sound);
      for (const hidden of ["\u202e", "\u0007"]) expect(page).not.toContain(hidden);
    },
  );
});

describe("rollout reports --page", () => {
  const words = "rollout reports --feed endpoint --server http://s --token t --page out.html".split(" ");

  it("writes the page beside the answer", async () => {
    const written: string[][] = [];
    const { exit, stdout } = await run(words, {
      service: { showRollout: async () => rollout(), readReports: async () => curve() },
      writeText: async (...given) => void written.push(given),
    });
    expect({ exit, stdout }).toMatchObject({ exit: 0, stdout: expect.stringContaining("1150") });
    expect(written).toEqual([["out.html", expect.stringMatching(/^<!doctype html>[\s\S]*HALTED/)]]);
  });

  it("of a feed without rings has reports alone", async () => {
    const written: string[] = [];
    const { exit } = await run([...words, "--release", "7"], {
      service: {
        showRollout: () => Promise.reject(new UsageError("NOT_FOUND", "no rollout")),
        readReports: async () => curve(),
      },
      writeText: async (_path, text) => void written.push(text),
    });
    expect(exit).toBe(0);
    expect(written).toEqual([expect.stringContaining("Not in a rollout")]);
  });

  it("that cannot be written is a failure", async () => {
    const { exit, stderr } = await run(words, {
      service: { showRollout: async () => rollout(), readReports: async () => curve() },
      writeText: () => Promise.reject(new OperationError("STORE_FULL", "no room")),
    });
    expect({ exit, stderr }).toMatchObject({ exit: 1, stderr: expect.stringContaining("STORE_FULL") });
  });
});
