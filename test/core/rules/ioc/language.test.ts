import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { iocLanguage } from "../../../../src/core/rules/ioc/language.js";
import { exported, holdsForLines, sourceFile, told } from "../../../support/line-languages.js";

const parse = (text: string, path = "ioc/list.txt") => iocLanguage.parse(sourceFile(path, text));

describe("a list of indicators", () => {
  it("may hold comments, blank lines, blanks around, CRLF and a byte order mark", () => {
    const text = "\ufeff# head\r\n\r\n \tb.example\t # why\r\n#c.example\n  # indented\na.example #x#y\n";
    const { records, lines, findings } = parse(text);
    expect(findings).toEqual([]);
    expect(records.map((record) => iocLanguage.ruleID(record))).toEqual(["b.example", "a.example"]);
    expect(lines).toEqual([3, 6]);
  });

  it("tells every error, with line and column behind blanks and multi-byte text", () => {
    const text = "word\nexample.com\n  1.2.3.4:99999 # x\n\t/ü/ok\n🦊.example\nword";
    expect(told(parse(text).findings)).toEqual([
      "1:1 IOC_UNKNOWN",
      "3:11 IOC_PORT",
      "5:1 IOC_NOT_ASCII",
      "6:1 IOC_UNKNOWN",
    ]);
    expect(parse(text).records.length).toBe(2);
  });

  it("cuts a flood of findings and says how many there were", () => {
    const { findings } = parse("word\n".repeat(10_500));
    expect(findings.length).toBe(10_001);
    expect(findings.at(-1)?.code).toBe("FINDINGS_CUT");
    expect(findings.at(-1)?.message).toContain("got 500 more");
  });

  it("is merged sorted and without duplicates, relatives side by side", () => {
    const one = parse("b.example.com\nexample.com\nexample-x.com\n1.2.3.4\nb.example.com # again");
    const two = parse("EXAMPLE.com\n*.example.com\na.b.example.com\n1.2.3.3", "ioc/two.txt");
    const { records } = iocLanguage.merge([one, two]);
    expect(exported(iocLanguage, records)).toEqual(
      new Map([
        ["ipv4.txt", "1.2.3.3\n1.2.3.4\n"],
        ["domains.txt", "example.com\n*.example.com\nb.example.com\na.b.example.com\nexample-x.com\n"],
      ]),
    );
  });

  it("exports files whose chunks may be read late, in any order", () => {
    const { records } = iocLanguage.merge([parse("a.example\n1.2.3.4\n/x\n/y")]);
    const files = [...iocLanguage.exportFiles(records)];
    const texts = files.reverse().map(({ path, chunks }) => [path, Buffer.concat([...chunks]).toString()]);
    expect(texts).toEqual([
      ["paths.txt", "/x\n/y\n"],
      ["domains.txt", "a.example\n"],
      ["ipv4.txt", "1.2.3.4\n"],
    ]);
  });

  it("takes .txt files and nothing else", () => {
    expect(["a.txt", "a/b.TXT", "LICENSE", "a.py", "a.csv"].map(iocLanguage.accepts)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it("finds an indicator by any way of writing it", () => {
    const [record] = parse("http://example.com/x").records;
    expect(iocLanguage.idPrefixes("hxxp://EXAMPLE[.]com/x")).toEqual([record]);
    expect(iocLanguage.idPrefixes("no such thing")).toEqual([]);
  });
});

describe("every list of indicators", () => {
  const label = fc.stringMatching(/^[a-zA-Z0-9_-]{1,8}$/);
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
  const tail = fc.stringMatching(/^[!-~é ]{0,12}$/);
  const indicator = fc.oneof(
    name,
    name.map((text) => `*.${text}`),
    fc.ipV4(),
    fc.ipV6(),
    fc.tuple(fc.ipV4(), fc.nat(40)).map(([address, bits]) => `${address}/${bits}`),
    fc.tuple(fc.oneof(fc.ipV4(), name), fc.nat(70_000)).map(([host, port]) => `${host}:${port}`),
    fc.tuple(fc.ipV6(), fc.nat(140)).map(([address, bits]) => `${address}/${bits}`),
    fc.tuple(fc.ipV6(), fc.nat(70_000)).map(([address, port]) => `[${address}]:${port}`),
    fc
      .tuple(fc.constantFrom("http", "HXXPS", "ftp", "x"), fc.oneof(name, fc.ipV4()), tail)
      .map(([a, b, c]) => `${a}://${b}/${c}`),
    fc.tuple(name, tail).map(([host, path]) => `${host}/${path}`),
    tail.map((path) => `/${path}`),
    fc.stringMatching(/^[0-9a-fA-F]{32}$|^[0-9a-f]{40}$|^[0-9a-f]{64}$|^[0-9a-f]{128}$/),
    fc.stringMatching(/^[a-c()[\]{}|\\.*+?^$,0-2-]{1,12}$/),
    fc.stringMatching(/^[ -~\t\r]{0,24}$/),
    name.map((text) => text.replace(".", "[.]")),
  );
  holdsForLines(iocLanguage, "list.txt", indicator);
});
