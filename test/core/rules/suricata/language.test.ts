import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { suricataLanguage } from "../../../../src/core/rules/suricata/language.js";
import { exported, holdsForLines, sourceFile, told } from "../../../support/line-languages.js";

const parse = (text: string, path = "x.rules") => suricataLanguage.parse(sourceFile(path, text));
const rule = (sid: number, rev: number, message = "m") =>
  `alert tcp any any -> any any (msg:"${message}"; rev:${rev}; sid:${sid};)`;
const merge = (...texts: string[]) =>
  suricataLanguage.merge(texts.map((text, i) => parse(text, `${i}.rules`)));
const lines = (records: readonly string[]) =>
  [...exported(suricataLanguage, records).values()].join("").trim().split("\n");

describe("a rules file", () => {
  it("may go on behind a backslash; places are those of the file", () => {
    const text = `\nalert tcp any any -> \\\n  any any \\ \r\n (msg:"ü🦊"; content:"|4|"; \\\n sid:5;)\n${rule(6, 1)}`;
    const { records, lines: at, findings } = parse(text);
    expect(told(findings)).toEqual(["4:24 SURICATA_CONTENT"]);
    expect(at).toEqual([6]);
    expect(records.map((record) => suricataLanguage.ruleID(record))).toEqual(["1:6"]);
    expect(lines(parse(text.replace("|4|", "|41|")).records)).toEqual([
      'alert tcp any any -> any any (msg:"ü🦊"; content:"|41|"; sid:5;)',
      rule(6, 1),
    ]);
  });

  it("may end in a backslash", () => {
    expect(told(parse("alert tcp any any -> any any (sid:5; \\").findings)).toEqual([
      "1:38 SURICATA_PARENTHESIS",
    ]);
    expect(parse(`${rule(5, 1)} \\\n`).records.length).toBe(1);
  });

  it("keeps rules that are switched off, and takes every other comment for one", () => {
    const text = [
      "# alert the people (really)",
      `#${rule(5, 1)}`,
      `##  ${rule(6, 1)} `,
      "#alert tcp any any -> any any (msg:no id;)",
      "# Copyright (c)",
      `# ${rule(7, 1)} \\`,
      rule(8, 1),
    ].join("\n");
    const { records, findings } = parse(text);
    expect(findings).toEqual([]);
    expect(lines(records)).toEqual([`# ${rule(5, 1)}`, `# ${rule(6, 1)}`, rule(8, 1)]);
    expect(parse(lines(records).join("\n")).records).toEqual(records);
  });

  it("tells every error of every rule", () => {
    const text = `${rule(0, 1)}\nnonsense\n\n${rule(5, 0)}\n${rule(6, 1)}`;
    expect(told(parse(text).findings)).toEqual([
      "1:51 SURICATA_SID",
      "2:1 SURICATA_ACTION",
      "2:9 SURICATA_PARENTHESIS",
      "4:44 SURICATA_REV",
    ]);
  });

  it("is known by its extension", () => {
    expect(["a.rules", "A.RULES", "a.rule", "LICENSE"].map(suricataLanguage.accepts)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("rules of several files", () => {
  it("are sorted by gid and sid, exact duplicates once", () => {
    const { records, findings } = merge(
      `${rule(300, 1)}\n${rule(5, 1)}`,
      `${rule(5, 1)}\nalert ip any any -> any any (gid:0; sid:9;)`,
    );
    expect(findings).toEqual([]);
    expect(records.map((record) => suricataLanguage.ruleID(record))).toEqual(["0:9", "1:5", "1:300"]);
  });

  it("of one id: the highest revision is taken, with a warning", () => {
    const { records, findings } = merge(rule(5, 10), `\n${rule(5, 9)}\n# ${rule(5, 2)}`);
    expect(lines(records)).toEqual([rule(5, 10)]);
    expect(told(findings)).toEqual(["2:1 SURICATA_SID_SUPERSEDED?", "3:1 SURICATA_SID_SUPERSEDED?"]);
    expect(findings[0]?.message).toBe(
      "expected one rule 1:5, got revision 9 beside revision 10 in 0.rules:1, which is taken",
    );
  });

  it("of one id and revision that differ are an error", () => {
    const { findings } = merge(rule(5, 1, "a"), rule(5, 1, "b"));
    expect(told(findings)).toEqual(["1:1 SURICATA_SID_DUPLICATE"]);
    expect(findings[0]?.path).toBe("1.rules");
  });

  it("without a revision have the lowest", () => {
    const bare = "alert tcp any any -> any any (sid:5;)";
    const { records, findings } = merge(bare, rule(5, 1));
    expect(lines(records)).toEqual([rule(5, 1)]);
    expect(told(findings)).toEqual(["1:1 SURICATA_SID_SUPERSEDED?"]);
  });

  it("that are on in one file and off in another are on", () => {
    const { records, findings } = merge(`# ${rule(5, 1)}`, rule(5, 1));
    expect(lines(records)).toEqual([rule(5, 1)]);
    expect(told(findings)).toEqual(["1:1 SURICATA_SID_DISABLED?"]);
  });

  it("that were switched off by their newest revision are off", () => {
    const { records } = merge(`# ${rule(5, 2)}`, rule(5, 1));
    expect(lines(records)).toEqual([`# ${rule(5, 2)}`]);
  });

  it("are found by sid alone when their gid is 1", () => {
    const [record] = parse(rule(5, 1)).records as [string];
    for (const id of ["5", "1:5"])
      expect(record.startsWith(suricataLanguage.idPrefixes(id)[0] as string)).toBe(true);
    expect(["", "x", "1:2:3", "99999999999"].map(suricataLanguage.idPrefixes)).toEqual([[], [], [], []]);
  });
});

describe("every rules file", () => {
  const option = fc.oneof(
    fc.constantFrom(
      "nocase",
      "http.uri",
      'content:"a|41 4|"',
      'content:"|0d0a|"',
      'content:!"x\\;\\""',
      "msg:x",
      'msg:"m\\;"',
    ),
    fc.constantFrom(
      'pcre:"/a\\/b/i"',
      "flow:to_server , x",
      "metadata:a b,,c",
      "reference:url,x.y",
      "metadata:,",
      "gid:3",
      "gid:0",
    ),
    fc
      .tuple(fc.constantFrom("content", "msg", "foo", "pcre"), fc.stringMatching(/^[a-z"\\|4:, !/]{0,8}$/))
      .map(([a, b]) => `${a}:${b}`),
    fc.stringMatching(/^[a-z:"\\ ;é]{0,6}$/),
  );
  const end = fc.constantFrom("any", "$X", "1.2.3.4", "[1.2.3.4, !::1]", "!any", "[", "1.2.3.0/24");
  const port = fc.constantFrom("any", "80", "[80 , 90:]", "x", "!$P");
  const whole = fc
    .tuple(
      fc.constantFrom("alert", "# drop", "#pass", "Alert", "x"),
      end,
      port,
      end,
      port,
      fc.array(option, { maxLength: 5 }),
      fc.nat(4),
      fc.nat(3),
    )
    .map(
      ([action, a, b, c, d, options, sid, rev]) =>
        `${action} tcp ${a} ${b} -> ${c} ${d} (${[...options, `sid:${sid}`, `rev:${rev}`].join("; ")};)`,
    );
  const line = fc.oneof(
    { weight: 4, arbitrary: whole },
    whole.map((text) => text.replaceAll("; ", "; \\\n ")),
    fc.stringMatching(/^[ -~\t\r]{0,24}$/),
  );
  holdsForLines(suricataLanguage, "x.rules", line);
});
