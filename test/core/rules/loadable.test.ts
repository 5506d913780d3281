/** SPEC §8.7.9: which rules an engine of a version can load. Engines that this machine has are asked themselves. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { levelOf } from "../../../src/core/rules/clamav/needs.js";
import {
  type EngineName,
  compareVersions,
  kindOfEngine,
  versionIn,
} from "../../../src/core/rules/engine-version.js";
import { loadableRecords } from "../../../src/core/rules/loadable.js";
import { ruleLanguage } from "../../../src/core/rules/registry.js";
import { exported, sourceFile } from "../../support/line-languages.js";
import { temporaryFolder } from "../../support/temporary.js";

/** What is left out of a file, and what is exported of it. */
function load(engine: string, path: string, text: string) {
  const [, name, version = "", without = ""] = /^([a-z-]+)@([\d.]+)(?: without (.*))?$/.exec(engine) ?? [];
  const language = ruleLanguage(kindOfEngine(name as EngineName));
  const parsed = language.parse(sourceFile(path, text));
  expect(parsed.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  let needs: string[] = [];
  const lacks = without.split(" ").filter((one) => one !== "");
  const wanted = { name: name as EngineName, version, lacks };
  const { records } = language.merge([parsed]);
  const loadable = loadableRecords(language.kind, records, wanted, (leftOut) => {
    needs = Object.entries(leftOut).flatMap(([need, rules]) => new Array<string>(rules).fill(need));
  });
  const left = [...loadable];
  // Drawn once more, they are the same, and nothing is counted twice.
  const once = needs;
  expect([[...loadable], needs]).toEqual([left, once]);
  return { needs, files: exported(language, left), left, all: records };
}

describe("versions", () => {
  it.each([
    ["4.2.3", "4.2.3"],
    ["ClamAV 1.4.6/27000/Sun Nov 29", "1.4.6"],
    ["This is Suricata version 7.0.10 RELEASE", "7.0.10"],
    ["yara-x-cli 1.02.0", "1.2.0"],
    ["no version", undefined],
    ["built for x86-64", undefined],
  ])("reads %s", (text, version) => {
    expect(versionIn(text)).toBe(version);
  });

  it("are compared number by number, and zeros at the end mean nothing", () => {
    expect(compareVersions("7.0.10", "7.0.9")).toBeGreaterThan(0);
    expect(compareVersions("8", "8.0.0")).toBe(0);
    expect(compareVersions("7.9", "8")).toBeLessThan(0);
  });
});

const suricata = (options: string, protocol = "tcp") =>
  `alert ${protocol} any any -> any any (msg:"x requires: version >= 99\\; y"; ${options} sid:1; rev:1;)`;

describe("SPEC §8.7.9 Suricata", () => {
  it.each<[string, string, string | undefined]>([
    ['content:"a";', "6.0.1", undefined],
    ["requires: version >= 8;", "7.0.10", "Suricata 8 or newer"],
    ["requires: version >= 8;", "8.0.0", undefined],
    ["requires: version >= 7.0.3 < 8 | >= 8.0.3;", "8.0.1", "Suricata >= 7.0.3 < 8 | >= 8.0.3"],
    ["requires: version >= 7.0.3 < 8 | >= 8.0.3;", "7.0.10", undefined],
    ["requires: feature geoip, version < 8;", "8.0.0", "Suricata < 8"],
    ["requires: feature geoip;", "7.0.10", undefined],
    ["requires: feature geoip;", "7.0.2", "Suricata 7.0.3 or newer"],
    ['dns.query; content:"a";', "6.0.1", undefined],
    ["ldap.request.operation:add_request;", "7.0.10", "Suricata 8 or newer"],
    ["entropy: value > 4;", "7.0.10", "Suricata 8 or newer"],
    ['quic.sni; content:"a";', "6.0.20", "Suricata 7 or newer"],
    ['content:"absent entropy";', "7.0.10", undefined],
  ])("%s under %s", (options, version, need) => {
    const { needs } = load(`suricata@${version}`, "a.rules", suricata(options));
    expect(needs).toEqual(need === undefined ? [] : [need]);
  });

  it("knows protocols of the rule's head", () => {
    expect(load("suricata@7.0.10", "a.rules", suricata("", "ldap")).needs).toEqual(["Suricata 8 or newer"]);
    expect(load("suricata@8.0.0", "a.rules", suricata("", "ldap")).needs).toEqual([]);
  });
});

describe("SPEC §8.7.9 ClamAV", () => {
  it.each([
    ["1.4.6", 216],
    ["1.0.8", 168],
    ["0.103.12", 133],
    ["0.103.0", 120],
    ["0.99.2", 82],
    ["1.5.1", 231],
    ["1.6.0", undefined],
    ["0.12", undefined],
  ])("%s is of level %s", (version, level) => {
    expect(levelOf(version)).toBe(level);
  });

  const hash = "d41d8cd98f00b204e9800998ecf8427e";
  it.each<[string, string, string | undefined]>([
    ["a.hdb", `${hash}:10:A`, undefined],
    ["a.hdb", `${hash}:10:A:73:200`, "ClamAV of level 200 or older"],
    ["a.hsb", `${hash}:*:A:230`, "ClamAV of level 230 or newer (1.5)"],
    ["a.mdb", `10:${hash}:A:255`, "ClamAV of level 255 or newer"],
    ["a.ndb", "A:0:*:616263:216:216", undefined],
    ["a.ndb", "A:0:*:616263:217", "ClamAV of level 217 or newer (1.5)"],
    ["a.ldb", "A;Engine:51-255,Target:0;0;616263", undefined],
    ["a.ldb", "A;Engine:230-255,Target:0;0;616263", "ClamAV of level 230 or newer (1.5)"],
    ["a.ldb", "A;Engine:51-100,Target:0;0;616263", "ClamAV of level 100 or older"],
    ["a.ldb", "A;Target:0;0;616263", undefined],
    ["a.fp", `${hash}:10:A`, undefined],
  ])("%s %s under 1.4.6", (path, line, need) => {
    expect(load("clamav@1.4.6", path, line).needs).toEqual(need === undefined ? [] : [need]);
  });
});

const sigma = (detection: string, condition = "s") =>
  `title: T\nid: 929a690e-bef0-4204-a928-ef5e620d6fcc\nlogsource:\n    category: test\ndetection:\n    s:\n${detection}\n    condition: ${condition}\n`;
const correlation = (type: string) =>
  `title: T\nid: 929a690e-bef0-4204-a928-ef5e620d6fcc\ncorrelation:\n    type: ${type}\n    rules: [a]\n    timespan: 1m\n    condition: {gte: 2}\n`;

describe("SPEC §8.7.9 Sigma", () => {
  it.each<[string, string, string | undefined]>([
    [sigma("        A|contains: x"), "1", undefined],
    [sigma("        A|cased: x"), "1.0.4", "Sigma 2 or newer"],
    [sigma("        A|contains|cased: x"), "2", undefined],
    [sigma("        A|hour: 3"), "2", "Sigma 2.1 or newer"],
    [sigma("        - A|exists: true\n        - B: x"), "1", "Sigma 2 or newer"],
    [sigma("        A:\n            - 'x|cased: y'\n            - z|hour"), "1", undefined],
    [sigma("        A: x", "s | count() > 5"), "2.1", "Sigma below 2"],
    [sigma("        A: x", "s | count() > 5"), "1", undefined],
    [sigma("        A: x", "|-\n        s\n        or s"), "2.1", undefined],
    [correlation("event_count"), "1", "Sigma 2 or newer"],
    [correlation("event_count"), "2", undefined],
    [correlation("value_avg"), "2", "Sigma 2.1 or newer"],
  ])("%s under %s", (text, version, need) => {
    expect(load(`sigma@${version}`, "a.yml", text).needs).toEqual(need === undefined ? [] : [need]);
  });
});

describe("SPEC §8.7.9 YARA", () => {
  it.each<[string, string, string | undefined]>([
    ["rule a { condition: true }", "3.0", undefined],
    ['rule a { meta: minimum_yara = "4.3" condition: true }', "4.2.3", "YARA 4.3 or newer"],
    ["rule a { meta: minimum_yara = 5 condition: true }", "4.2.3", "YARA 5 or newer"],
    ['rule a { meta: maximum_yara = "4.1" condition: true }', "4.2.3", "YARA 4.1 or older"],
    ['rule a { meta: note = "minimum_yara = 9" condition: true }', "4.2.3", undefined],
    ['import "string" rule a { condition: string.length("a") == 1 }', "4.2.3", "YARA 4.3 or newer"],
    ["rule a { strings: $a = { 01 ~02 03 } condition: $a }", "4.2.3", "YARA 4.3 or newer"],
    ['rule a { strings: $a = "x" condition:any of them at 0 }', "4.2.3", "YARA 4.3 or newer"],
    ['rule a { strings: $a = "x" condition:any of them and $a at 0 }', "4.2.3", undefined],
    ['import "math" rule a { condition: math.to_string(1) == "1" }', "4.2.3", "YARA 4.3 or newer"],
    ['rule a { strings: $a = "x" condition: none of them }', "4.1.3", "YARA 4.2 or newer"],
    ['import "pe" rule a { condition: pe.is_pe }', "4.2.3 without pe", "the module pe"],
    ['import "pe" rule a { condition: filesize > 1 }', "4.2.3 without pe", undefined],
  ])("%s under %s", (text, version, need) => {
    expect(load(`yara@${version}`, "a.yar", text).needs).toEqual(need === undefined ? [] : [need]);
  });

  it("is not asked of YARA-X, which has a version of its own, but for modules", () => {
    const text =
      'import "magic" rule a { condition: magic.type() == "x" } rule b { meta: minimum_yara = "4.5" condition: true }';
    expect(load("yara-x@1.2.0", "a.yar", text).needs).toEqual(["the module magic"]);
  });

  it("leaves out what stands on a rule that is left out, and imports that nobody needs", () => {
    const newer = 'rule newer { meta: minimum_yara = "9" condition: pe.is_pe }';
    const onIt =
      "rule onit { condition: newer } rule onall { condition:any of (new*) } rule two { condition: onit }";
    const other = "rule other { condition: math.entropy(0, 1) > 0 }";
    const { needs, files } = load(
      "yara@4.2.3",
      "a.yar",
      `import "pe" import "math" ${newer} ${onIt} ${other}`,
    );
    expect(needs).toEqual(Array.from({ length: 4 }, () => "YARA 9 or newer"));
    expect(files.get("a.yar")).toBe(
      'import "math"\n\nrule other\n{\n    condition:\n        math.entropy(0, 1) > 0\n}\n',
    );
  });

  it("leaves no file without rules, and nothing at all where all can be loaded", () => {
    expect(
      load("yara@4.2.3", "a.yar", 'rule a { meta: minimum_yara = "9" condition: true }').files.size,
    ).toBe(0);
    const { left, all } = load(
      "yara@4.5",
      "a.yar",
      'import "pe" rule a { condition: true } rule b { condition: a }',
    );
    expect(left).toEqual(all);
  });
});

/** What these programs are given once what they cannot load is left out. */
describe("engines of this machine load what is left for their version", () => {
  let folder: string;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    ({ path: folder, remove } = await temporaryFolder());
  });
  afterAll(() => remove());
  const versionOf = (program: string) => {
    const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
    return versionIn(stdout ?? "") ?? "";
  };
  const write = (files: ReadonlyMap<string, string>) => {
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };

  it("yarac", () => {
    const rules = [
      'import "string" import "pe"',
      'rule newer { condition: string.to_int("1") == 1 }',
      "rule on_newer { condition: newer }",
      "rule hex { strings: $a = { 01 ~02 03 } condition: $a }",
      'rule at_start { strings: $a = "x" condition:any of them at 0 }',
      "rule old { condition: pe.is_pe }",
    ];
    const { files } = load(`yara@${versionOf("yarac")}`, "a.yar", rules.join("\n"));
    write(files);
    const { status, stderr } = spawnSync("yarac", [join(folder, "a.yar"), join(folder, "a.yarc")], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
  });

  it("clamscan, which leaves out the same", () => {
    const lines = Array.from(
      { length: 60 },
      (_, i) => `Level${190 + i};Engine:${190 + i}-255,Target:0;0;61626${i % 10}`,
    );
    const { files, left } = load(`clamav@${versionOf("clamscan")}`, "a.ldb", lines.join("\n"));
    const known = (text: string) => {
      write(
        new Map([
          ["clamav/rulemint.ldb", text],
          ["probe", "x"],
        ]),
      );
      const { stdout } = spawnSync("clamscan", ["-d", join(folder, "clamav"), join(folder, "probe")], {
        encoding: "utf8",
      });
      return Number(/^Known viruses: (\d+)$/m.exec(stdout)?.[1]);
    };
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(60);
    expect(known(files.get("rulemint.ldb") ?? "")).toBe(left.length);
    expect(known(`${lines.join("\n")}\n`)).toBe(left.length);
  });
});
