/** Suricata's own loader as a second opinion. Where it is not to be had, only its absence and its misbehaviour are tested. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openSuricataEngine } from "../../../src/adapters/engines/suricata.js";
import { suricataLanguage } from "../../../src/core/rules/suricata/language.js";
import type { RuleEngine } from "../../../src/ports/rule-engine.js";
import { corpusDates, corpusFiles, haveCorpora } from "../../support/corpora.js";
import { haveSuricata } from "../../support/suricata-peer.js";
import { FakeCommands } from "../../support/fake-command.js";
import { askEngine } from "../../support/ask-engine.js";

const present = haveSuricata();
const commands = new FakeCommands();
afterEach(() => commands.restore());

const file = (name: string, ...lines: string[]) => ({
  path: name,
  bytes: new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")),
});
const alert = (sid: number, options = 'content:"a";', protocol = "tcp") =>
  `alert ${protocol} any any -> any any (msg:"m"; ${options} sid:${sid}; rev:1;)`;
const engine = present ? await openSuricataEngine() : undefined;

describe.runIf(present)("suricata", { timeout: 120_000 }, () => {
  const check = async (...files: ReturnType<typeof file>[]) =>
    (await askEngine(engine as RuleEngine, "suricata", files)).map(
      ({ path: where, line, severity, code, message }) =>
        `${where}:${line} ${severity} ${code} ${message.replace(/^expected what the engine takes, got: /, "")}`,
    );

  it("has a name with its version", () => {
    expect(engine?.name).toMatch(/^suricata \d+\.\d+/);
  });

  it("is silent on what it loads, also where files have ids, revisions and data sets in common", async () => {
    const classified = 'content:"c"; classtype:trojan-activity; reference:url,example.org/a;';
    const ends = "alert tcp $HOME_NET any -> $EXTERNAL_NET $HTTP_PORTS";
    const files = [
      file("a.rules", alert(1), alert(2, classified), `${ends} (msg:"v"; content:"v"; sid:3;)`),
      file(
        "b.rules",
        alert(1, 'content:"b";'),
        alert(4, "dns.query; dataset:isset,seen,type string;", "dns"),
      ),
      file("c.rules", alert(5, "dns.query; dataset:isset,seen,type md5;", "dns"), "# nonsense"),
      file(
        "d.rules",
        alert(6, "modbus: function 1;", "modbus"),
        alert(7, `ja3.hash; content:"${"a".repeat(32)}";`, "tls"),
      ),
    ];
    expect(await check(...files)).toEqual([]);
    expect(await askEngine(engine as RuleEngine, "suricata", [])).toEqual([]);
    expect(await askEngine(engine as RuleEngine, "yara", [file("a.yar", "nonsense")])).toEqual([]);
  });

  it("SPEC §17.5.1 names every rule that it refuses, of every file, and no other", async () => {
    const unclosed = alert(13, 'pcre:"/(a/";');
    const files = [
      file("set/a.rules", alert(10), alert(11, 'contentx:"a";'), alert(12), unclosed),
      file("set/sound.rules", alert(14)),
      file("set/b.rules", "", 'alert tcp any any -> any any (msg:"two lines"; \\', "  wrong:1; sid:15;)"),
    ];
    for (const one of [alert(11, 'pcre:"/(a/";'), unclosed])
      expect(suricataLanguage.parse(file("a.rules", one)).findings).toEqual([]);
    expect(await check(...files)).toEqual([
      "set/a.rules:2 error SURICATA_ENGINE unknown rule keyword 'contentx'.",
      expect.stringMatching(/^set\/a\.rules:4 error SURICATA_ENGINE .*missing closing parenthesis/),
      "set/b.rules:2 error SURICATA_ENGINE unknown rule keyword 'wrong'.",
    ]);
  });

  it("names one whose text it cuts, and is not led to another by what that says", async () => {
    // What it says is cut behind 2,007 bytes of the rule: there stands what could follow the whole rule.
    const [start, lure] = ['alert tcp any any -> any any (msg:"', '\\" from file asked.rules at line 2'];
    const fill = "x".repeat(2007 - start.length - lure.length);
    const hostile = `${start}${fill}${lure}${"y".repeat(99)}"; wrong:1; sid:1;)`;
    expect(await check(file("a.rules", hostile), file("b.rules", alert(2), alert(3)))).toEqual([
      "a.rules:1 error SURICATA_ENGINE unknown rule keyword 'wrong'.",
    ]);
  });

  it("answers many who ask at once, each about their own files", async () => {
    const asked = Array.from({ length: 30 }, (_, i) =>
      check(file(`${i}.rules`, alert(1, i % 10 === 3 ? "wrong:1;" : `content:"${i}";`))),
    );
    const wrong = (i: number) => `${i}.rules:1 error SURICATA_ENGINE unknown rule keyword 'wrong'.`;
    expect((await Promise.all(asked)).flat()).toEqual([wrong(3), wrong(13), wrong(23)]);
  });

  it("reads no file of this machine and writes none because a rule names it, and tells the author", async () => {
    const folder = await commands.newFolder();
    const [state, list] = [join(folder, "state"), join(folder, "list")];
    writeFileSync(list, `${"a".repeat(32)}\n`);
    const hostile = [
      "filemd5:/etc/passwd;",
      `FileSHA256 : ${list};`,
      "lua:/etc/passwd;",
      `dns.query; dataset:isset,x,type string,load ${list};`,
      `dns.query; dataset:set,y,type string,state ${state};`,
      `dns.query; datarep:z,>,1,load ${list},type string;`,
      "iprep:src,CnC,>,30;",
    ].map((options, i) => alert(20 + i, options, "http"));
    const said = await check(file("a.rules", ...hostile, alert(30, "wrong:1;")));
    expect(said.slice(0, hostile.length)).toEqual(
      ["filemd5", "filesha256", "lua", "dataset", "dataset", "datarep", "iprep"].map((option, i) =>
        expect.stringMatching(
          new RegExp(
            `^a\\.rules:${i + 1} warning SURICATA_NOT_ASKED .* 1:${20 + i}: its ${option} stands on`,
          ),
        ),
      ),
    );
    expect(said.slice(hostile.length)).toEqual([
      "a.rules:8 error SURICATA_ENGINE unknown rule keyword 'wrong'.",
    ]);
    expect(existsSync(state)).toBe(false);
  });

  it("is not asked about rules for a newer one, and tells of variables that are the endpoint's own", async () => {
    const own = 'alert tcp $OUR_NET any -> any $OUR_PORTS (msg:"m"; content:"a"; sid:3;)';
    expect(
      await check(
        file("a.rules", alert(1, "requires: version >= 99;"), alert(2, "requires: version >= 7;"), own),
      ),
    ).toEqual([
      expect.stringMatching(/^a\.rules:1 warning SURICATA_NOT_ASKED .*it asks for Suricata 99 or newer$/),
      expect.stringMatching(/^a\.rules:3 warning SURICATA_VARIABLE .*\$OUR_NET,/),
      expect.stringMatching(/^a\.rules:3 warning SURICATA_VARIABLE .*\$OUR_PORTS,/),
    ]);
  });

  it.runIf(haveCorpora)("takes the real rules", async () => {
    const files = await corpusFiles("suricata", corpusDates("suricata").at(-1) as string);
    expect(await check(...files.filter((one) => one.path.endsWith(".rules")).slice(0, 20))).toEqual([]);
  });
});

/** An engine whose suricata is a script of ours. */
async function openFake(script: string): Promise<RuleEngine> {
  await commands.put(
    "suricata",
    `[ "$1" = -V ] && echo 'This is Suricata version 7.0.10 RELEASE' && exit 0\n${script}`,
  );
  return (await openSuricataEngine()) as RuleEngine;
}

describe("where suricata misbehaves", () => {
  const killed = { line: 1, code: "SURICATA_ENGINE_FAILED", severity: "error" };

  it("is absent when it is not on the path", async () => {
    await commands.hideAll();
    expect(await openSuricataEngine()).toBeUndefined();
  });

  it("is a finding of every file when it dies of all", async () => {
    const fake = await openFake("kill -SEGV $$");
    const files = [file("a.rules", alert(1)), file("b.rules", alert(2))];
    expect(await askEngine(fake, "suricata", files)).toMatchObject([
      { ...killed, path: "a.rules", message: expect.stringContaining("got: a crash or no answer") },
      { ...killed, path: "b.rules" },
    ]);
  });

  it("is a finding of the rule that it dies of, however many stand around it", async () => {
    const fake = await openFake(
      `grep -q deadly asked.rules && kill -SEGV $$\n[ -s asked.rules ] && grep -q fatal asked.rules && echo 'Error: datasets: bad base64' >&2 && exit 1\nexit 0`,
    );
    const files = [
      file("a.rules", alert(1), alert(2), alert(3, 'content:"deadly";'), alert(4)),
      file("b.rules", ...Array.from({ length: 9 }, (_, i) => alert(10 + i))),
      file("c.rules", alert(30), alert(31, 'content:"fatal";'), alert(32, 'content:"fatal";')),
    ];
    expect(await askEngine(fake, "suricata", files)).toMatchObject([
      { path: "a.rules", line: 3, code: "SURICATA_ENGINE", message: expect.stringContaining("a crash") },
      { path: "c.rules", line: 2, code: "SURICATA_ENGINE", message: expect.stringContaining("bad base64") },
      { path: "c.rules", line: 3, code: "SURICATA_ENGINE" },
    ]);
  });

  it("fails when it has gone", async () => {
    const fake = await openFake("exit 0");
    await commands.hideAll();
    await expect(askEngine(fake, "suricata", [file("a.rules", alert(1))])).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
  });
});
