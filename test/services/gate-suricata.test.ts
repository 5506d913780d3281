/** Gates on compiled Suricata rules, with the engine and captures of network traffic. Where there is no engine, that is all that they say. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEngineGates } from "../../src/adapters/gates/engines.js";
import { udpCapture } from "../support/captures.js";
import { haveSuricata } from "../support/suricata-peer.js";
import { temporaryFolder } from "../support/temporary.js";
import { type Desk, openDesk } from "./desk.js";

const present = haveSuricata();
const path = process.env.PATH;
const canary = "X5O-RULEMINT-CANARY-NOT-A-VIRUS";
const alert = (sid: number, options: string, ends = "$HOME_NET any -> $EXTERNAL_NET any") =>
  `alert udp ${ends} (msg:"m"; ${options} sid:${sid}; rev:1;)\n`;
const sound = alert(7, `content:"${canary}";`) + alert(8, 'content:"something else";');

let desk: Desk;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  put("gates/must-match/suricata/7/canary.pcap", udpCapture(`....${canary}....`));
  put("gates/must-match/suricata/1:8/other.pcap", udpCapture("something else"));
  put("clean/below/ordinary.pcap", udpCapture("an ordinary packet"));
  put("clean/broken.PCAP", "no capture");
  put("clean/program", "something else");
  const clean = { folders: [join(folder.path, "clean")], bytesMax: 1e6, fileBytesMax: 1e6 };
  const gates = openEngineGates({ samples: join(folder.path, "gates"), clean });
  desk = await openDesk({ wrap: () => ({ gates }) });
});
afterAll(async () => {
  await desk.close();
  await folder.remove();
});

function put(name: string, content: string | Uint8Array): void {
  const full = join(folder.path, name);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
}

async function gatesOf(rules: string) {
  await desk.addRules("of-suricata", "suricata", { "a.rules": rules });
  desk.passDays(1 / 86_400);
  const release = await desk.build();
  const { state, gates = [] } = release;
  const results = gates.filter(({ gate }) => gate.endsWith(" suricata"));
  return { state, release, results: Object.fromEntries(results.map((one) => [one.gate, one])) };
}

describe.runIf(present)("the gates of suricata", { timeout: 120_000 }, () => {
  it("SPEC §17.6.5 load the rules, find every canary and no clean capture", async () => {
    const { state, release, results } = await gatesOf(
      `${sound}${alert(9, "filemd5:list;")}# ${alert(10, "depth:1;")}`,
    );
    expect(state).toBe("signed");
    expect(results).toMatchObject({
      "load suricata": {
        result: "PASSED",
        detail: expect.stringMatching(/^Suricata \d.*, not asked about 1 rules, /),
      },
      "must-match suricata": { result: "PASSED", detail: "2 samples" },
      "must-not-match suricata": { result: "PASSED", detail: "1 clean files" },
      "budget suricata": { result: "PASSED" },
    });
    await desk.publish(await desk.coSign(release));
  });

  it.each([
    [
      "a rule that the engine alone refuses",
      sound + alert(70, "wrong:1;"),
      "load",
      "1:70",
      "unknown rule keyword",
    ],
    [
      "a canary that is missed",
      alert(7, 'content:"another";') + alert(8, 'content:"something else";'),
      "must-match",
      "1:7",
      "got no alert",
    ],
    [
      "a canary that another rule keeps silent",
      `${sound}pass udp any any -> any any (content:"CANARY"; sid:71;)\n`,
      "must-match",
      "1:7",
      "got no alert",
    ],
    [
      "a canary that is gone",
      alert(7, `content:"${canary}";`),
      "must-match",
      "1:8",
      "expected it in the release",
    ],
    [
      "a rule that alerts on a clean capture",
      sound + alert(72, 'content:"ordinary";'),
      "must-not-match",
      "1:72",
      "clean captures",
    ],
  ])("SPEC §17.6.1 end a release with %s, and name it", async (_, rules, gate, id, message) => {
    const { state, results } = await gatesOf(rules);
    expect(state).toBe("failed");
    const failed = Object.values(results).filter(({ result }) => result === "FAILED");
    expect(failed).toMatchObject([
      { gate: `${gate} suricata`, rules: [id], detail: expect.stringContaining(message) },
    ]);
  });
});

describe.runIf(present)("rules that were loaded before", { timeout: 120_000 }, () => {
  it("are not loaded again while they are the same and nothing else is asked", async () => {
    const clean = { folders: [], bytesMax: 1e6, fileBytesMax: 1e6 };
    const gates = openEngineGates({ samples: join(folder.path, "no-samples"), clean });
    const load = async (text: string) => {
      const chunks = [new TextEncoder().encode(text)];
      const files = [{ path: "rulemint.rules", chunks }];
      return gates.tryKind({ kind: "suricata", files, isChanged: () => true, without: new Set() });
    };
    // As exported: ids last.
    const exported = (sid: number, option: string) =>
      `alert udp any any -> any any (msg:"m"; ${option} rev:1; sid:${sid};)\n`;
    const rules = exported(7, 'content:"some text";');
    const first = await load(rules);
    expect(first.loadSeconds).toBeGreaterThan(0);
    expect(first).toMatchObject({ refusals: [], engine: expect.not.stringContaining("as before") });
    expect(await load(rules)).toEqual({
      ...first,
      engine: `${first.engine}, as before`,
      sampleSeconds: 0,
      cleanSeconds: 0,
    });
    const refused = rules + exported(70, "wrong:1;");
    for (let round = 0; round < 2; round++)
      expect((await load(refused)).refusals).toMatchObject([{ rule: "1:70" }]);
  });
});

describe("without suricata", () => {
  it("ask for the rules of the samples, and load nothing", async () => {
    process.env.PATH = folder.path;
    try {
      const { state, results } = await gatesOf(sound + alert(70, "wrong:1;"));
      expect(state).toBe("signed");
      expect(Object.keys(results)).toEqual(["must-match suricata"]);
      expect(results["must-match suricata"]).toMatchObject({ result: "PASSED", detail: "0 samples" });
    } finally {
      process.env.PATH = path;
    }
  });
});
