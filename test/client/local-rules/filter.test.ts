/** Published rules in, exported rules out, kind by kind; the engines that this machine has load what comes out. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeDigest } from "../../../src/adapters/node-digest.js";
import { AllowedIndicators, recordOf } from "../../../src/client/local-rules/allowed-indicators.js";
import { ownFileName } from "../../../src/client/local-rules/control-file.js";
import { globMatcher } from "../../../src/client/local-rules/glob.js";
import { LocalExport } from "../../../src/client/local-rules/local-export.js";
import type { LocalEffect, RuleChoice } from "../../../src/client/local-rules/model.js";
import { sha256Hex } from "../../../src/core/brands.js";
import { candidatesOf } from "../../../src/core/rules/ioc/candidates.js";
import type { RuleKind } from "../../../src/core/rules/model.js";
import { ruleLanguage } from "../../../src/core/rules/registry.js";
import { mergedRecords } from "../../simulator/packs.js";
import { temporaryFolder } from "../../support/temporary.js";

const since = "2026-11-22T12:00:00Z";
const database = sha256Hex("d".repeat(64));

type Said = Partial<RuleChoice> & Pick<RuleChoice, "what">;

interface Outcome {
  readonly files: Readonly<Record<string, string>>;
  readonly effect: LocalEffect | undefined;
}

/** One kind through the step between database and export, with its real exporter. */
async function exported(
  kind: RuleKind,
  published: Readonly<Record<string, string>>,
  said: readonly Said[],
  own: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const contents = new Map<string, Uint8Array>();
  const files = Object.entries(own).map(([name, text]) => {
    const bytes = new TextEncoder().encode(text);
    const digest = sha256Hex(createHash("sha256").update(bytes).digest("hex"));
    contents.set(ownFileName(digest), bytes);
    return { kind, name, sha256: digest, bytes: bytes.length, since };
  });
  const choices = said.map((one) => ({ verb: "disable", by: "id", kind, since, ...one }) as RuleChoice);
  const disk = {
    read: async (name: string) => contents.get(name),
    write: async () => undefined,
    remove: async () => undefined,
  };
  const local = await LocalExport.prepare(disk, { choices, own: files }, nodeDigest);
  const records = mergedRecords(kind, Object.entries(published));
  const out: Record<string, string> = {};
  for (const { path, chunks } of ruleLanguage(kind).exportFiles(local?.filter(kind, records) ?? records)) {
    expect(out[path], "no path twice").toBeUndefined();
    out[path] = Buffer.concat(Array.from(chunks, (chunk) => chunk.slice())).toString("utf8");
  }
  return { files: out, effect: local?.effect(database, since) };
}

const conflicts = ({ effect }: Outcome) => effect?.conflicts.map(({ type, what }) => `${type} ${what}`);

async function onDisk(files: Readonly<Record<string, string>>) {
  const { path: folder, remove } = await temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return { folder, remove };
}

describe("indicators", () => {
  const listed = [
    ...["evil.example", "mail.evil.example", "*.bad.example", "good.example", "10.1.2.3", "10.1.0.0/16"],
    ...["http://evil.example/x", "https://good.example:8443/p", "192.0.2.1:443", "192.0.2.1"],
    "0".repeat(64),
  ].join("\n");
  const lines = async (said: readonly Said[], own = {}) => {
    const outcome = await exported("ioc", { "feed/list.txt": listed }, said, own);
    return { ...outcome, lines: Object.values(outcome.files).join("").trim().split("\n").toSorted() };
  };

  it.each<[string, Said[], string[]]>([
    ["an id is itself and nothing below it", [{ what: "evil.example" }], ["evil.example"]],
    ["in another spelling", [{ what: "EVIL[.]example" }], ["evil.example"]],
    ["a wildcard of names is an indicator", [{ what: "*.bad.example" }], ["*.bad.example"]],
    [
      "a pattern is of the text",
      [{ what: "*evil*", by: "pattern" }],
      ["evil.example", "mail.evil.example", "http://evil.example/x"],
    ],
    [
      "allow is for what lies below as well",
      [{ what: "evil.example", verb: "allow" }],
      ["evil.example", "mail.evil.example", "http://evil.example/x"],
    ],
    ["allow a network", [{ what: "10.0.0.0/8", verb: "allow" }], ["10.1.2.3", "10.1.0.0/16"]],
    ["allow an address, and not the network above it", [{ what: "10.1.2.3", verb: "allow" }], ["10.1.2.3"]],
    ["allow a port, and not its host", [{ what: "192.0.2.1:443", verb: "allow" }], ["192.0.2.1:443"]],
    ["allow a host with its ports", [{ what: "192.0.2.1", verb: "allow" }], ["192.0.2.1", "192.0.2.1:443"]],
    ["allow a hash", [{ what: "0".repeat(64), verb: "allow" }], ["0".repeat(64)]],
    [
      "an id that is enabled stays though a pattern takes the rest",
      [
        { what: "*evil.example*", by: "pattern" },
        { what: "evil.example", verb: "enable" },
      ],
      ["mail.evil.example", "http://evil.example/x"],
    ],
    [
      "of two patterns the last counts",
      [
        { what: "*evil*", by: "pattern" },
        { what: "mail.*", by: "pattern", verb: "enable" },
      ],
      ["evil.example", "http://evil.example/x"],
    ],
  ])("%s", async (_, said, gone) => {
    const outcome = await lines(said);
    const left = listed.split("\n").filter((line) => !gone.includes(line));
    expect(outcome.lines).toEqual(left.toSorted());
    const { disabled = 0, allowed = 0, published } = outcome.effect?.counts.ioc ?? {};
    expect({ gone: disabled + allowed, published }).toEqual({ gone: gone.length, published: 11 });
  });

  it("SPEC §16.8.4 own ones stand among the published, in order and once", async () => {
    const own = { "mine.txt": "zzz.example\nevil.example\naaa.example\n" };
    const outcome = await lines([{ what: "evil.example" }], own);
    expect(outcome.lines).toEqual([...listed.split("\n"), "zzz.example", "aaa.example"].toSorted());
    expect(outcome.files["domains.txt"]?.match(/^evil\.example$/gm)).toHaveLength(1);
    expect(conflicts(outcome)).toEqual(["also-published evil.example"]);
  });

  it("what an allowed indicator takes is what a listed one would answer for", () => {
    const label = fc.constantFrom("a", "b", "www");
    const host = fc.array(label, { minLength: 1, maxLength: 3 }).map((parts) => `${parts.join(".")}.example`);
    const byte = fc.integer({ min: 0, max: 3 });
    const address = fc.tuple(byte, byte).map(([c, d]) => `10.0.${c}.${d}`);
    const indicator = fc.oneof(
      host,
      address,
      fc.tuple(address, fc.integer({ min: 8, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`),
      host.map((name) => `http://${name}/p`),
      host.map((name) => `*.${name}`),
      address.map((ip) => `${ip}:80`),
      address.map((ip) => `http://${ip}/p`),
      host.map((name) => `${name}:80`),
      host.map((name) => `${name}/p`),
      fc.tuple(address, fc.integer({ min: 1, max: 128 })).map(([ip, bits]) => `::ffff:${ip}/${bits}`),
      address.map((ip) => `[::ffff:${ip}]:80`),
      address.map((ip) => `http://[::ffff:${ip}]/p`),
      fc.constantFrom(
        "*.example",
        "/p",
        "/q",
        "2001:db8::1",
        "2001::/16",
        "http://[2001:db8::1]/p",
        "10.0.0.0/1",
      ),
    );
    fc.assert(
      fc.property(indicator, indicator, (allowed, one) => {
        const [above, record] = [recordOf(allowed), recordOf(one)];
        fc.pre(above !== undefined && record !== undefined);
        const isTaken = new AllowedIndicators([{ indicator: allowed, choice: 0 }]).of(record as string) === 0;
        const answers = candidatesOf(record as string).some(
          (candidate) =>
            candidate.record === above && candidate.relation !== "port" && candidate.anyPort !== true,
        );
        expect(isTaken).toBe(answers);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("Suricata", () => {
  const rules = [
    'alert tcp any any -> any any (msg:"sets a bit"; flowbits:set,seen; sid:1; rev:1;)',
    'alert tcp any any -> any any (msg:"tests it"; flowbits:isset,seen; sid:2; rev:1;)',
    '# alert tcp any any -> any any (msg:"shipped off"; sid:3; rev:1;)',
    'drop tcp any any -> any any (msg:"ET POLICY drops and sets"; flowbits:set,other; sid:4; rev:1;)',
    'alert tcp any any -> any any (msg:"ET POLICY tests that"; flowbits:isset,other|nothing; sid:5; rev:1;)',
  ].join("\n");
  const text = async (said: readonly Said[], own = {}) => {
    const outcome = await exported("suricata", { "feed/all.rules": rules }, said, own);
    return { ...outcome, text: outcome.files["rulemint.rules"] ?? "" };
  };

  it("a rule that is off is a comment, one that was shipped off is on", async () => {
    const outcome = await text([{ what: "1:2" }, { what: "1:3", verb: "enable" }]);
    expect(outcome.text).toMatch(/^# alert .*sid:2;/m);
    expect(outcome.text).toMatch(/^alert .*sid:3;/m);
    expect(outcome.effect?.counts.suricata).toMatchObject({ published: 5, disabled: 1, enabled: 1 });
  });

  it("a pattern is of the message too", async () => {
    const outcome = await text([{ what: "et policy*", by: "pattern" }]);
    expect(outcome.text).toMatch(/^# drop .*sid:4;/m);
    expect(outcome.text).toMatch(/^# alert .*sid:5;/m);
    expect(outcome.effect?.matches).toEqual([2]);
  });

  it("SPEC §16.8.6 a rule whose flowbits others test stays, and raises no alert and drops nothing", async () => {
    const outcome = await text([{ what: "1:1" }, { what: "1:4" }]);
    expect(outcome.text).toMatch(/^alert .*flowbits:set,seen;.* noalert; sid:1;\)$/m);
    expect(outcome.text).toMatch(/^alert .*flowbits:set,other;.* noalert; sid:4;\)$/m);
    expect(conflicts(outcome)).toEqual(["still-needed 1:1", "still-needed 1:4"]);
    // What came out is sound for the linter that judges what is published.
    expect(mergedRecords("suricata", [["again.rules", outcome.text]])).toHaveLength(5);
  });

  it("and is off when nobody tests them any more", async () => {
    const outcome = await text([{ what: "1:1" }, { what: "1:2" }]);
    expect(outcome.text).toMatch(/^# alert .*sid:1;/m);
    expect(conflicts(outcome)).toEqual([]);
  });

  it("SPEC §16.8.4 an own rule takes the place of the published one", async () => {
    const mine = 'alert udp any any -> any any (msg:"mine"; sid:2; rev:9;)\n';
    const outcome = await text([], { "mine.rules": mine });
    expect(outcome.text.match(/sid:2;/g)).toHaveLength(1);
    expect(outcome.text).toContain('msg:"mine"');
    expect(conflicts(outcome)).toEqual(["replaces-published 1:2"]);
    expect(outcome.effect?.counts.suricata).toMatchObject({ own: 1, replaced: 1 });
  });

  it("a digest is of one revision", async () => {
    const [record = ""] = mergedRecords("suricata", [["feed/all.rules", rules]]);
    const digest = createHash("sha256").update(Buffer.from(record, "latin1")).digest("hex");
    const before = await text([{ what: digest, by: "digest" }, { what: "1:2" }]);
    expect(before.text).toMatch(/^# alert .*sid:1;/m);
    const changed = { "feed/all.rules": rules.replace("sid:1; rev:1", "sid:1; rev:2") };
    const after = await exported("suricata", changed, [{ what: digest, by: "digest" }]);
    expect(after.files["rulemint.rules"]).toMatch(/^alert .*sid:1;/m);
    expect(conflicts(after)).toEqual([`not-published ${digest}`]);
  });
});

describe("YARA", () => {
  const feed = {
    "feed/a.yar": [
      "global rule everywhere { condition: filesize < 1MB }",
      'rule base : tag { strings: $a = "needle" condition: $a }',
      "rule user { condition: base and filesize > 1 }",
      "rule pack_one { condition: filesize == 1 }",
      "rule pack_two { condition: filesize == 2 }",
      "rule some_pack { condition: 1 of (pack_*) }",
    ].join("\n"),
    "feed/b.yar": 'rule base { strings: $b = "other" condition: $b }',
  };
  const text = async (said: readonly Said[], own = {}) => exported("yara", feed, said, own);
  const hits = async ({ files }: Outcome, sample: string) => {
    const { folder, remove } = await onDisk({ ...files, "sample.bin": sample });
    const rules = Object.keys(files).map((path, i) => `n${i}:${join(folder, path)}`);
    const out = execFileSync("yara", [...rules, join(folder, "sample.bin")], { encoding: "utf8" });
    await remove();
    return out
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split(" ")[0])
      .toSorted();
  };

  it("the real engine reports what is left", async () => {
    expect(await hits(await text([]), "a needle")).toEqual(["base", "everywhere", "user"]);
    const off = await text([{ what: "user" }]);
    expect(await hits(off, "a needle")).toEqual(["base", "everywhere"]);
    expect(conflicts(off)).toEqual([]);
  });

  it("SPEC §16.8.6 a rule that others use stays as a private one, in its file alone", async () => {
    const outcome = await text([{ what: "base" }]);
    expect(outcome.files["feed/a.yar"]).toContain("private rule base : tag");
    expect(outcome.files["feed/b.yar"]).toBeUndefined();
    expect(await hits(outcome, "a needle")).toEqual(["everywhere", "user"]);
    expect(conflicts(outcome)).toEqual(["still-needed base"]);
    expect(outcome.effect?.matches).toEqual([2]);
  });

  it("a set of rules keeps what it may mean, and a global rule decides nothing any more", async () => {
    const outcome = await text([{ what: "pack_*", by: "pattern" }, { what: "everywhere" }]);
    expect(await hits(outcome, "a")).toEqual(["some_pack"]);
    expect(outcome.files["feed/a.yar"]).not.toContain("everywhere");
    expect(outcome.files["feed/a.yar"]?.match(/private rule pack_/g)).toHaveLength(2);
  });

  it("a chain that nobody uses goes as a whole", async () => {
    const outcome = await text([{ what: "base" }, { what: "user" }]);
    expect(outcome.files["feed/a.yar"]).not.toContain("base");
    expect(conflicts(outcome)).toEqual([]);
  });

  it("SPEC §16.8.4 own files meet no published one, whatever that is called", async () => {
    const hostile = { ...feed, "own/mine.yar": "rule theirs { condition: true }" };
    const own = { "mine.yar": 'rule user { strings: $m = "needle" condition: $m }' };
    const outcome = await exported("yara", hostile, [], own);
    expect(Object.keys(outcome.files)).toContain("own/mine-own.yar");
    expect(outcome.files["feed/a.yar"]).not.toContain("rule user");
    expect(conflicts(outcome)).toEqual(["replaces-published user"]);
    expect(await hits(outcome, "a needle")).toEqual(["base", "everywhere", "theirs", "user"]);
  });
});

describe("ClamAV", () => {
  const sample = "This is a sample that signatures know.";
  const sha256 = createHash("sha256").update(sample).digest("hex");
  const feed = {
    "feed/a.hsb": `${sha256}:${sample.length}:Feed.Hash:73\n`,
    "feed/b.ndb": `Feed.Text:0:*:${Buffer.from("sample that signatures").toString("hex")}\n`,
  };
  const found = async ({ files }: Outcome) => {
    const { folder, remove } = await onDisk(files);
    const { folder: samples, remove: removeSamples } = await onDisk({ sample });
    let out = "";
    try {
      out = execFileSync("clamscan", ["--no-summary", "-d", folder, join(samples, "sample")], {
        encoding: "utf8",
      });
    } catch (error) {
      out = String((error as { stdout: string }).stdout);
    }
    await Promise.all([remove(), removeSamples()]);
    return /: (.*) FOUND/.exec(out)?.[1] ?? out.trim().split(" ").at(-1);
  };

  it("signatures go by name, and the real engine finds the others", async () => {
    const outcome = await exported("clamav", feed, [{ what: "Feed.Hash" }]);
    expect(await found(outcome)).toBe("Feed.Text.UNOFFICIAL");
    expect(
      await found(
        await exported("clamav", feed, [{ what: "Feed.*", by: "pattern" }, { what: "x" }], {
          "mine.ndb": `My.Own:0:*:${Buffer.from("know.").toString("hex")}\n`,
        }),
      ),
    ).toBe("My.Own.UNOFFICIAL");
  });

  it("SPEC §16.8.5 a file that is vouched for is not reported, whatever matches it", async () => {
    expect(await found(await exported("clamav", feed, []))).toMatch(/^Feed/);
    const allow: Said = { verb: "allow", kind: "ioc", what: sha256 };
    const outcome = await exported("clamav", feed, [allow]);
    expect(outcome.files["rulemint.sfp"]).toBe(`${sha256}:*:Local.Allowed:73\n`);
    expect(await found(outcome)).toBe("OK");
  });
});

describe("Sigma", () => {
  const rule = (id: string, title: string) =>
    `title: ${title}\nid: ${id}\nstatus: test\nlogsource:\n  product: windows\ndetection:\n  s:\n    a: b\n  condition: s\n`;
  const [a, b] = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];
  const feed = { "feed/a.yml": rule(a, "Something odd"), "feed/b.yml": rule(b, "Something else") };

  it("goes by id and by title", async () => {
    expect(Object.keys((await exported("sigma", feed, [{ what: a.toUpperCase() }])).files)).toEqual([
      `${b}.yml`,
    ]);
    const byTitle = await exported("sigma", feed, [{ what: "*ELSE", by: "pattern" }]);
    expect(Object.keys(byTitle.files)).toEqual([`${a}.yml`]);
  });

  describe("SPEC §16.8.6 a correlation that names a rule which is switched off is told", () => {
    const correlation = (rules: string) =>
      `title: Many\nid: ${c}\nname: many\nstatus: test\ncorrelation:\n  type: event_count\n  rules: ${rules}\n  group-by: [user]\n  timespan: 5m\n  condition: {gte: 10}\n`;
    const c = "00000000-0000-4000-8000-000000000000";
    const named = (rules: string) => ({
      "feed/a.yml": rule(a, "Something odd").replace("status:", "name: odd_logon\nstatus:"),
      "feed/b.yml": rule(b, "Something else"),
      "feed/c.yml": correlation(rules),
    });

    it.each<[string, string, Said[], string[]]>([
      ["by its name", "[odd_logon, other]", [{ what: a }], [`names-disabled ${c}`]],
      ["by its id, in any case", `["${b.toUpperCase()}"]`, [{ what: b }], [`names-disabled ${c}`]],
      [
        "as the only one, without a list",
        "odd_logon",
        [{ what: "*odd", by: "pattern" }],
        [`names-disabled ${c}`],
      ],
      ["another one", "[odd_logon]", [{ what: b }], []],
      ["itself is off too", "[odd_logon]", [{ what: a }, { what: c }], []],
      ["a name of other letters", "[Odd_Logon]", [{ what: a }], []],
    ])("%s", async (_, rules, said, told) => {
      const outcome = await exported("sigma", named(rules), said);
      expect(conflicts(outcome)).toEqual(told);
      expect(outcome.files[`${c}.yml`] === undefined).toBe(said.some(({ what }) => what === c));
    });

    it("which of several, and not when another rule has the name", async () => {
      const outcome = await exported("sigma", named(`[odd_logon, ${b}]`), [{ what: a }, { what: b }]);
      expect(outcome.effect?.conflicts.map(({ message }) => message)).toEqual([
        `it correlates odd_logon, ${b}, which you switched off: switch it off too, or that on again`,
      ]);
      const own = {
        "mine.yml": rule("33333333-3333-4333-8333-333333333333", "Mine").replace(
          "status:",
          "name: odd_logon\nstatus:",
        ),
      };
      expect(conflicts(await exported("sigma", named("[odd_logon]"), [{ what: a }], own))).toEqual([]);
    });

    it("an own correlation too", async () => {
      const { "feed/c.yml": mine, ...published } = named("[odd_logon]");
      const outcome = await exported("sigma", published, [{ what: a }], { "mine.yml": mine });
      expect(conflicts(outcome)).toEqual([`names-disabled ${c}`]);
    });
  });

  it("SPEC §16.8.4 an own rule takes the place of the published one", async () => {
    const outcome = await exported("sigma", feed, [], { "mine.yml": rule(b, "Mine") });
    expect(outcome.files[`${b}.yml`]).toContain("title: Mine");
    expect(Object.keys(outcome.files)).toHaveLength(2);
    expect(conflicts(outcome)).toEqual([`replaces-published ${b}`]);
  });
});

describe("what nobody publishes any more is told, and harms nothing", () => {
  it.each<[Said, string]>([
    [{ what: "gone.example" }, "not-published gone.example"],
    [{ what: "*gone*", by: "pattern" }, "matches-nothing *gone*"],
    [{ what: "f".repeat(64), by: "digest" }, `not-published ${"f".repeat(64)}`],
  ])("%o", async (said, conflict) => {
    const outcome = await exported("ioc", { "a/l.txt": "here.example" }, [said]);
    expect(outcome.files).toEqual({ "domains.txt": "here.example\n" });
    expect(conflicts(outcome)).toEqual([conflict]);
  });
});

describe("globs", () => {
  it.each([
    ["*", "", true],
    ["a*b?c", "aXXbYc", true],
    ["a*b?c", "aXXbc", false],
    ["ET *", "et trojan", true],
    ["*a*a*b", `${"a".repeat(50)}b`, true],
    ["a.c", "abc", false],
    ["", "a", false],
  ])("%s on %s: %s", (pattern, text, expected) => {
    expect(globMatcher(pattern)(text)).toBe(expected);
  });

  it("hostile patterns take no more than the lengths multiplied", () => {
    const matches = globMatcher(`${"*a".repeat(127)}b`);
    const before = process.cpuUsage();
    expect(matches("a".repeat(20_000))).toBe(false);
    const { user } = process.cpuUsage(before);
    expect(user).toBeLessThan(2_000_000);
  });

  it("are what the regular expression of the same meaning is", () => {
    const piece = fc.constantFrom("a", "b", "*", "?");
    const pattern = fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(""));
    const text = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 10 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(pattern, text, (glob, given) => {
        const expression = new RegExp(`^${glob.replaceAll("*", ".*").replaceAll("?", ".")}$`);
        expect(globMatcher(glob)(given)).toBe(expression.test(given));
      }),
    );
  });
});
