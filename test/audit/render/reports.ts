/** Reports for the tests of what shows them. */
import { feedName, releaseNumber } from "../../../src/core/brands.js";
import type { AuditReport } from "../../../src/audit/report.js";

export function report(change: Partial<AuditReport> = {}): AuditReport {
  return {
    schema: 1,
    kind: "release",
    title: "Audit of release 3 of feed endpoint",
    feed: feedName("endpoint"),
    release: releaseNumber(3),
    at: "2026-11-22T12:00:00Z",
    verdict: "proven",
    conclusion: "Every one of 2 steps was proven.",
    facts: [{ label: "Public tree", value: "https://updates.example/" }],
    figures: [{ label: "Rules", value: "22,230" }],
    steps: [
      { title: "The pinned root", clause: "TUF §5.2", result: "proven", evidence: ["version 1"] },
      { title: "Every pack", clause: "SPEC §4", result: "proven", evidence: ["one", "two"] },
    ],
    tables: [
      {
        title: "Releases",
        columns: ["release", "stamped"],
        rows: [
          { cells: ["3", "2026-11-22"], mark: "proven" },
          { cells: ["2", "2026-11-21"], mark: "refused" },
        ],
      },
    ],
    charts: [{ title: "Rules by release", bars: [1, 2, 3].map((value) => ({ label: `${value}`, value })) }],
    chain: {
      lanes: [
        {
          title: "Authority",
          boxes: [
            { heading: "Root 1, pinned", lines: ["2 of 3 root keys"] },
            { heading: "Feed endpoint", lines: ["publisher: key 012345678901"] },
          ],
        },
      ],
      target: { heading: "Manifest 3 of endpoint", lines: [`SHA-256 ${"a".repeat(64)}`] },
    },
    notes: ["The sources were not compiled again."],
    ...change,
  };
}

/** Every text of a report, replaced by this one: what an attacker would like to write everywhere. */
export function everywhere(text: string): AuditReport {
  const bend = (value: unknown, key = ""): unknown => {
    if (typeof value === "string")
      return ["verdict", "result", "mark", "at", "kind"].includes(key) ? value : text;
    if (Array.isArray(value)) return value.map((one) => bend(one, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, bend(one, name)]));
  };
  return bend(report()) as AuditReport;
}
