/** Files put together, and written out again for the engine. */
import { describe, expect, it } from "vitest";
import { VerificationError } from "../../../../src/core/errors.js";
import { yaraLanguage } from "../../../../src/core/rules/yara/language.js";
import { exported, parse } from "./helpers.js";
import { named } from "../../../support/merged.js";

const rule = (name: string) => `rule ${name} { condition: true }`;

describe("merging YARA files", () => {
  it("orders files by their bytes, whatever order they come in", () => {
    const files = ["b/z.yar", "a/Z.yar", "a/é.yar", "a/a.yar"].map((path) => parse(rule("r"), path));
    const one = named(yaraLanguage.merge, files);
    const other = named(yaraLanguage.merge, [...files].reverse());
    expect(one).toEqual(other);
    expect(exported(files).map(({ path }) => path)).toEqual(["a/Z.yar", "a/a.yar", "a/é.yar", "b/z.yar"]);
  });

  it("keeps the same rule of two files: their namespaces differ", () => {
    const { records, findings } = yaraLanguage.merge([parse(rule("r"), "a.yar"), parse(rule("r"), "b.yar")]);
    expect(findings).toEqual([]);
    expect(records).toHaveLength(4);
  });

  it("refuses two files of one namespace", () => {
    const files = [parse(rule("r"), "a.yara.yar"), parse(rule("s"), "a.yara")];
    expect(yaraLanguage.merge(files).findings).toMatchObject([
      { path: "a.yara.yar", severity: "error", code: "YARA_NAMESPACE_CLASH" },
    ]);
  });

  it("leaves files without rules out", () => {
    expect(yaraLanguage.merge([parse("// nothing", "a.yar"), parse('import "pe"', "b.yar")]).records).toEqual(
      [],
    );
  });

  it("writes records as the specification says", () => {
    const { records } = parse(`import "pe" import "elf" ${rule("é".length === 1 ? "r" : "")}`, "ü/a.yar");
    expect(records).toEqual(["\0\u00c3\u00bc/a\0elf,pe", "\u0001rule r\n{\n    condition:\n        true\n}"]);
  });
});

describe("exporting YARA files", () => {
  it.each([
    ["a.yar", "a.yar"],
    ["set/a.yara", "set/a.yara.yar"],
    ["set/A.YAR", "set/A.YAR.yar"],
    ["../../etc/a.yar", "%2E%2E/%2E%2E/etc/a.yar"],
    ["/etc/a.yar", "%/etc/a.yar"],
    ["a\\..\\b.yar", "a%5C..%5Cb.yar"],
    ["a/.hidden.yar", "a/%2Ehidden.yar"],
    ["100%/c:d.yar", "100%25/c%3Ad.yar"],
    ["a\nb.yar", "a%0Ab.yar"],
    [".yar", "%.yar"],
  ])("writes %j to %j", (source, path) => {
    expect(exported([parse(rule("r"), source)]).map((file) => file.path)).toEqual([path]);
  });

  it.each(["a.yar", "set/a.yara", "set/A.YAR", "a b/ü.yar"])("gives the records of %s again", (path) => {
    const first = parse(`import "pe" ${rule("a")} ${rule("b")}`, path);
    const [file] = exported([first]);
    expect(parse(file?.text ?? "", file?.path).records).toEqual(first.records);
  });

  it.each([
    ["a rule before any namespace", ["\u0001rule a"]],
    ["another kind of record", ["\0a\0", "\u0002"]],
    ["a namespace without imports", ["\0a"]],
    ["a namespace that is too long", [`\0${"a".repeat(300)}\0`]],
    ["a namespace that is not UTF-8", ["\0\u00ff\0"]],
  ])("refuses %s", (_what, records) => {
    expect(() => [...yaraLanguage.exportFiles(records)]).toThrow(VerificationError);
  });
});
