import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clamavLanguage } from "../../../../src/core/rules/clamav/language.js";
import { exported, holdsForLines, sourceFile, told } from "../../../support/line-languages.js";

const md5 = "44d88612fea8a8f36de82e1278abb02f";

describe("signature files", () => {
  it("are known by their extension", () => {
    const names = ["a.hdb", "a/b.LDB", "x.ign2", "x.sfp", "LICENSE", "a.yar", "a.cvd", "hdb"];
    expect(names.map(clamavLanguage.accepts)).toEqual([true, true, true, true, false, false, false, true]);
  });

  it("may hold comments, blank lines and CRLF", () => {
    const text = `# head\r\n\r\n${md5}:1:A\r\n#${md5}:2:B\n${md5}:3:C`;
    const { records, lines, findings } = clamavLanguage.parse(sourceFile("x.hdb", text));
    expect(findings).toEqual([]);
    expect(records.map((record) => clamavLanguage.ruleID(record))).toEqual(["A", "C"]);
    expect(lines).toEqual([3, 5]);
  });

  it("tell every error of every line", () => {
    const text = `${md5}:0:A\n${md5}:1:A\nxx:1:\n:`;
    expect(told(clamavLanguage.parse(sourceFile("x.hdb", text)).findings)).toEqual([
      "1:34 CLAMAV_SIZE",
      "3:1 CLAMAV_HASH",
      "3:6 CLAMAV_NAME",
      "4:2 CLAMAV_FIELDS",
    ]);
  });

  it("are merged by type and name; one name may have many signatures", () => {
    const a = clamavLanguage.parse(sourceFile("a/x.hdb", `${md5}:2:B\n${md5}:1:B\n${md5}:1:A`));
    const b = clamavLanguage.parse(sourceFile("b/x.hdb", `${md5.toUpperCase()}:1:B`));
    const c = clamavLanguage.parse(sourceFile("b/x.ign2", "A"));
    const { records, findings } = clamavLanguage.merge([c, b, a]);
    expect(findings).toEqual([]);
    expect(exported(clamavLanguage, records)).toEqual(
      new Map([
        ["rulemint.hdb", `${md5}:1:A\n${md5}:1:B\n${md5}:2:B\n`],
        ["rulemint.ign2", "A\n"],
      ]),
    );
    const prefixes = clamavLanguage.idPrefixes("A");
    const found = records.filter((record) => prefixes.some((prefix) => record.startsWith(prefix)));
    expect(found.map((record) => clamavLanguage.ruleID(record))).toEqual(["A", "A"]);
  });

  it("of a type nobody knows are a finding, not an exception", () => {
    expect(told(clamavLanguage.parse(sourceFile("x.cvd", "x")).findings)).toEqual(["1:1 CLAMAV_FILE_TYPE"]);
  });
});

const name = fc.stringMatching(/^[A-Za-z0-9._-]{0,8}$/);
const level = fc.constantFrom("", ":73", ":73:255", ":0:1", ":x", ":9:8");
const hash = fc.stringMatching(/^[0-9a-fA-F]{32}$|^[0-9a-f]{40}$|^[0-9a-f]{64}$|^[0-9a-f]{0,8}$/);
const size = fc.oneof(fc.constant("*"), fc.nat(100_000).map(String));
const hex = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: fc.stringMatching(/^([0-9a-fA-F]{2}){1,4}$/) },
      fc.constantFrom(
        "??",
        "a?",
        "?B",
        "*",
        "{4}",
        "{1-4}",
        "{-9}",
        "{7-}",
        "[1-4]",
        "(aa|BB)",
        "!(aa|bb)",
        "(B)",
        "!(L)",
      ),
      fc.stringMatching(/^[0-9a-f?*{}()|![\]BLW-]{1,3}$/),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));
const offset = fc.constantFrom("*", "0", "10,20", "EOF-5", "EP+1", "S2+3,4", "SL+9", "VI", "$3", "x");
const target = fc.nat(14).map(String);

describe("every hash file", () => {
  holdsForLines(
    clamavLanguage,
    "x.hsb",
    fc.oneof(
      fc.tuple(hash, size, name, level).map(([a, b, c, d]) => `${a}:${b}:${c}${d}`),
      fc.stringMatching(/^[ -~\t\r]{0,24}$/),
    ),
  );
});

describe("every content file", () => {
  holdsForLines(
    clamavLanguage,
    "x.ndb",
    fc.oneof(
      fc.tuple(name, target, offset, hex, level).map(([a, b, c, d, e]) => `${a}:${b}:${c}:${d}${e}`),
      fc.stringMatching(/^[ -~\t\r]{0,24}$/),
    ),
  );
});

describe("every file of logical signatures", () => {
  const block = fc.constantFrom(
    "Target:0",
    "Engine:51-255,Target:1",
    "Engine:51-255,Target:6,FileSize:1-2",
    "Target:1,x",
  );
  const expression = fc.oneof(
    fc.constantFrom("0", "0&1", "(0|1)>1,2&2", "0&(1=2)", "0==1"),
    fc.stringMatching(/^[0-3&|()=<>, ]{1,8}$/),
  );
  const subsignature = fc.oneof(
    hex,
    fc.tuple(offset, hex).map(([a, b]) => `${a}:${b}`),
    fc.tuple(hex, fc.stringMatching(/^[iwfax:]{0,3}$/)).map(([a, b]) => `${a}::${b}`),
    fc.constantFrom(
      "0/a;b/i",
      "0&1/x/",
      "0(>>1#hb2#>5)",
      "1(<<1#il4#=0x5,<9)",
      "fuzzy_img#af2ad01ed42993c7",
      `\${1-2}3$`,
    ),
  );
  holdsForLines(
    clamavLanguage,
    "x.ldb",
    fc.oneof(
      fc
        .tuple(name, block, expression, fc.array(subsignature, { minLength: 1, maxLength: 4 }))
        .map(([a, b, c, d]) => [a, b, c, ...d].join(";")),
      fc.stringMatching(/^[ -~\t\r]{0,24}$/),
    ),
  );
});

describe("every ignore list", () => {
  holdsForLines(
    clamavLanguage,
    "x.ign2",
    fc.oneof(
      fc.tuple(name, hash).map(([a, b]) => `${a}:${b}`),
      fc.tuple(name, size, name).map(([a, b, c]) => `${a}:${b}:${c}`),
      fc.stringMatching(/^[ -~\t\r]{0,24}$/),
    ),
  );
});
