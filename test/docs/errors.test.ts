/**
 * The table of errors, the page about them and the contract name the same codes, with the same class and
 * status.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type ErrorCode, errorTable } from "../../src/core/errors.js";
import { hintFor } from "../../src/core/hints.js";

const page = readFileSync(new URL("../../docs/ERRORS.md", import.meta.url), "utf8");
const contract = parse(readFileSync(new URL("../../openapi.yaml", import.meta.url), "utf8")) as {
  components: { schemas: { ErrorCode: { enum: string[] } } };
};
const codes = Object.keys(errorTable) as ErrorCode[];
const paragraphs = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((part) => [
      part.slice(0, part.indexOf("\n")),
      part.slice(part.indexOf("\n")).split(/^## /m)[0]?.trim() ?? "",
    ]),
);

describe("errors", () => {
  it("are described in the table's order, each once", () => {
    expect([...page.matchAll(/^### (\S+)$/gm)].map((match) => match[1])).toEqual(codes);
  });

  it.each(codes)("%s: the page gives its class and status, and says what to do", (code) => {
    const facts = errorTable[code];
    const text = paragraphs.get(code) ?? "";
    expect(text.startsWith(`${facts.class} · ${facts.http}. `)).toBe(true);
    expect(text.split(/\s+/).length).toBeGreaterThan(12);
  });

  it("are all in openapi.yaml, in the same order", () => {
    expect(contract.components.schemas.ErrorCode.enum).toEqual(codes);
  });

  it("have hints that are one sentence", () => {
    const hints = codes.map(hintFor).filter((hint) => hint !== undefined);
    expect(hints.length).toBeGreaterThan(20);
    for (const hint of hints) expect(hint).toMatch(/^[^A-Z\n][^\n]*[^.]$/);
  });
});
