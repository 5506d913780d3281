import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../../src/core/brands.js";
import { utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import type { ReleaseSources, Revision } from "../../../src/core/release/model.js";
import {
  formatApprovals,
  formatRevision,
  formatSourceTree,
  formatSources,
  parseSources,
} from "../../../src/core/release/sources.js";

const hash = (digit: string) => sha256Hex(digit.repeat(64));

function revision(ruleset: string, change: Partial<Revision> = {}): Revision {
  return {
    ruleset,
    kind: "yara",
    submission: "s-000000000001",
    digest: hash("d"),
    author: "ann",
    approvedBy: "ben",
    approvedAt: "2026-11-22T00:00:00.000Z",
    leaveOutInvalid: true,
    leftOut: [
      { path: "b.yar", line: 9 },
      { path: "a.yar", line: 12 },
      { path: "a.yar", line: 2 },
    ],
    files: [
      { path: "b.yar", sha256: hash("b"), bytes: 2 },
      { path: "a.yar", sha256: hash("a"), bytes: 1 },
    ],
    ...change,
  };
}
const sources: ReleaseSources = { schema: 1, revisions: [revision("two"), revision("one")] };

describe("the lists behind a release", () => {
  it("SPEC §2.2.1 writes a revision in one way, whatever order its parts came in", () => {
    const one = revision("one");
    const other = { ...one, files: [...one.files].reverse(), leftOut: [...one.leftOut].reverse() };
    expect(formatRevision(other)).toEqual(formatRevision(one));
    expect(utf8Text(formatRevision(one))).toBe(
      `{"files":[{"bytes":1,"path":"a.yar","sha256":"${hash("a")}"},` +
        `{"bytes":2,"path":"b.yar","sha256":"${hash("b")}"}],"kind":"yara","leaveOutInvalid":true,` +
        `"leftOut":[{"line":2,"path":"a.yar"},{"line":12,"path":"a.yar"},{"line":9,"path":"b.yar"}],"ruleset":"one"}`,
    );
  });

  it("SPEC §2.3.1 leaves people out of the source tree, and SPEC §2.3.2 files out of the approvals", () => {
    const otherPeople = {
      ...sources,
      revisions: sources.revisions.map((one) => ({ ...one, author: "eve", approvedBy: "ann" })),
    };
    expect(formatSourceTree(otherPeople)).toEqual(formatSourceTree(sources));
    expect(formatApprovals(otherPeople)).not.toEqual(formatApprovals(sources));
    expect(utf8Text(formatSourceTree(sources))).not.toContain("ann");
    expect(utf8Text(formatApprovals(sources))).not.toContain("a.yar");
  });

  it("reads what it writes, and writes it again byte for byte", () => {
    const bytes = formatSources(sources);
    expect(formatSources(parseSources(bytes))).toEqual(bytes);
    expect(formatSourceTree(parseSources(bytes))).toEqual(formatSourceTree(sources));
    expect(parseSources(bytes).revisions.map(({ ruleset }) => ruleset)).toEqual(["one", "two"]);
  });

  it.each<[string, (text: string) => string]>([
    ["another schema", (text) => text.replace('"schema":1', '"schema":2')],
    ["an unknown kind", (text) => text.replace('"yara"', '"exe"')],
    ["a digest in capitals", (text) => text.replace(hash("a"), "A".repeat(64))],
    ["a negative size", (text) => text.replace('"bytes":1', '"bytes":-1')],
    ["a member twice", (text) => text.replace('"schema":1', '"schema":1,"schema":1')],
    ["no list", (text) => text.replace(/"revisions":\[.*\]/, '"revisions":{}')],
    ["a name that is no text", (text) => text.replace('"ann"', "1")],
    ["a truth that is none", (text) => text.replace("true", '"yes"')],
    ["half a document", (text) => text.slice(0, -5)],
  ])("refuses %s", (_, change) => {
    const text = utf8Text(formatSources(sources));
    expect(change(text)).not.toBe(text);
    expect(() => parseSources(utf8Bytes(change(text)))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/MALFORMED/) }),
    );
  });
});
