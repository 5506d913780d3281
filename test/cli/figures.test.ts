/** Numbers and tables as people read them. */
import { describe, expect, it } from "vitest";
import { fitTables } from "../../src/cli/fit-tables.js";
import { formatBytes, formatCount, formatFacts, formatTable, formatTime } from "../../src/cli/figures.js";

describe("figures", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1.0 kB"],
    [999_949, "999.9 kB"],
    [999_950, "1.0 MB"],
    [50_331_648, "50.3 MB"],
    [2 ** 31, "2.1 GB"],
  ])("%i bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it("counts with separators and the right word", () => {
    expect(formatCount(1, "rule")).toBe("1 rule");
    expect(formatCount(1_800_000, "rule")).toBe("1,800,000 rules");
    expect(formatCount(2, "entry", "entries")).toBe("2 entries");
  });

  it("cuts times at the minute", () =>
    expect(formatTime("2026-08-22T09:14:59.123Z")).toBe("2026-08-22 09:14 UTC"));

  it("aligns columns and keeps a cell on its line", () => {
    const table = formatTable(
      ["id", "message"],
      [
        ["s-1", "two\nlines"],
        ["s-100", "\u001b[31mred"],
      ],
    );
    expect(fitTables(table, undefined)).toBe(
      "ID     MESSAGE\ns-1    two lines\ns-100  [31mred".replace("[31m", " [31m"),
    );
  });

  const wide = formatTable(
    ["id", "message", "by"],
    [
      [
        "s-000000000001",
        "a message that is much too long for any line of eighty columns, as messages are",
        "mallory",
      ],
      ["s-000000000002", "short", "a-person-with-a-name-of-some-length"],
    ],
  );

  it.each([120, 80, 60, 40])("fits a table to %i columns, and says where a cell was cut", (columns) => {
    const lines = fitTables(`before\n${wide}\nafter ${"x".repeat(200)}`, columns).split("\n");
    expect(lines).toHaveLength(5);
    for (const line of lines.slice(1, 4)) expect(line.length).toBeLessThanOrEqual(columns);
    expect(lines[2]).toContain("…");
    expect([lines[0], lines[4]]).toEqual(["before", `after ${"x".repeat(200)}`]);
    expect(lines[1]).toMatch(/^ID +MESSAGE +BY$/);
  });

  it("cuts nothing where there is room, or no terminal", () => {
    expect(fitTables(wide, 400)).toBe(fitTables(wide, undefined));
    expect(fitTables(wide, undefined)).not.toMatch(/[…\u00a0]/);
  });

  it("keeps a value that has lines from looking like other facts", () => {
    const text = formatFacts([
      ["message", "fine\nstate    approved"],
      ["state", "open"],
    ]);
    expect(text).toBe("message  fine\n         state    approved\nstate    open");
  });

  it("leaves out facts without a value", () => {
    expect(
      formatFacts([
        ["a", "1"],
        ["long", null],
        ["bb", "2"],
      ]),
    ).toBe("a   1\nbb  2");
  });
});
