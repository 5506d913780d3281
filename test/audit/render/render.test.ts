import { describe, expect, it } from "vitest";
import { renderChain } from "../../../src/audit/render/chain-svg.js";
import { renderHTML } from "../../../src/audit/render/html.js";
import { formOf } from "../../../src/audit/render/render.js";
import { renderText } from "../../../src/audit/render/text.js";
import type { SignatureChain } from "../../../src/audit/chain.js";
import { elements } from "../../support/markup.js";
import { everywhere, report } from "./reports.js";

const hostile = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onload='alert(1)",
  "</style><script>alert(1)</script>",
  "</svg></title><iframe src='https://evil.example/'>",
  "<!-- & ]]> &lt;",
  "\u202egnitrever\u2066\u0007\u001b[2J\ud800",
];

describe("a report in HTML", () => {
  it("is whole, and needs nothing from anywhere", () => {
    const page = renderHTML(report());
    const names = elements(page);
    expect(names.filter((name) => ["script", "link", "img", "iframe", "object", "a"].includes(name))).toEqual(
      [],
    );
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/\b(src|href)=|@import|url\(/);
  });

  it("shows everything that the report has", () => {
    const page = renderHTML(report());
    for (const shown of ["22,230", "The pinned root", "TUF §5.2", "Releases", "Manifest 3", "not compiled"]) {
      expect(page).toContain(shown);
    }
    expect(page.match(/class="mark refused"/g)).toHaveLength(1);
  });

  it("leaves out what the report has not", () => {
    const bare = { figures: [], steps: [], tables: [], charts: [], notes: [], chain: null };
    expect(elements(renderHTML(report(bare)))).not.toContain("h2");
  });

  it.each(hostile)("turns nothing that stands in a report into markup: %j", (text) => {
    const sound = elements(renderHTML(report()));
    const page = renderHTML(everywhere(text));
    const names = elements(page);
    expect(new Set(names)).toEqual(new Set(sound));
    expect(page.replace(/="[^"]*"/g, "")).not.toMatch(/<[^>]*\bon[a-z]+/i);
    for (const hidden of ["\u202e", "\u2066", "\u0007", "\u001b"]) expect(page).not.toContain(hidden);
  });
});

describe("the picture of the chain", () => {
  const chain = report().chain as SignatureChain;

  it("is one SVG with a box for each thing and an arrow behind each", () => {
    const names = elements(renderChain(chain));
    expect(names[0]).toBe("svg");
    expect(names.filter((name) => name === "rect")).toHaveLength(3);
    expect(names.filter((name) => name === "path")).toHaveLength(4);
  });

  it("keeps every line inside its box, whatever is written", () => {
    const long = { heading: "x".repeat(400), lines: ["y".repeat(4000), `${"word ".repeat(200)}`] };
    const lanes = [{ title: "lane", boxes: [long, long, long, long] }];
    const drawn = renderChain({ lanes, target: long });
    const longest = Math.max(
      ...[...drawn.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, t]) => t?.length ?? 0),
    );
    expect(longest).toBeLessThan(40);
    expect(drawn).toMatch(/and \d+ lines more/);
  });
});

describe("a report in text", () => {
  it("is what it was before there were others: steps, evidence, verdict", () => {
    const text = renderText(report());
    expect(text).toContain("Audit of release 3 of feed endpoint\nReference time 2026-11-22 12:00:00 UTC\n");
    expect(text).toContain(" 1. The pinned root: proven (TUF §5.2)\n     version 1\n");
    expect(text).toContain("  REFUSED  2        2026-11-21");
    expect(text).toMatch(/\nVerdict: Every one of 2 steps was proven\.$/);
  });

  it("names the code of a refusal", () => {
    const refused = {
      title: "Every pack",
      clause: "SPEC §4",
      result: "refused",
      evidence: ["no"],
      code: "FETCH_NOT_FOUND",
    } as const;
    expect(renderText(report({ steps: [refused] }))).toContain(
      "Every pack: REFUSED FETCH_NOT_FOUND (SPEC §4)",
    );
  });
});

describe("the form of a file", () => {
  it.each([
    ["a/report.txt", /^Audit of release 3/],
    ["report.json", /^\{\n {2}"schema": 1/],
    ["b.c/report.html", /^<!doctype html>/],
    ["report.svg", /^<svg /],
  ])("%s", (path, expected) => {
    expect(formOf(path)(report())).toMatch(expected);
  });

  it.each(["report.pdf", "report", "report.html.gz"])("%s is none", (path) => {
    expect(() => formOf(path)).toThrowError(expect.objectContaining({ code: "USAGE" }));
  });

  it("is no picture where the report has none", () => {
    expect(() => formOf("a.svg")(report({ chain: null }))).toThrowError(
      expect.objectContaining({ code: "USAGE" }),
    );
  });
});
