/** A monitor that knows a log by its address and key alone, against a log that behaves in every way it can. */
import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { nodeDigest } from "../../src/adapters/node-digest.js";
import { feedName, releaseNumber, sha256Hex } from "../../src/core/brands.js";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import { OperationError } from "../../src/core/errors.js";
import { parseLogPolicy } from "../../src/core/log/log-policy.js";
import { type Note, formatNote } from "../../src/core/log/note.js";
import { type ReleaseLogEntry, formatReleaseLogEntry } from "../../src/core/log/release-entries.js";
import { formatVerifierKey } from "../../src/core/log/verifier-key.js";
import { compareShown } from "../../src/monitor/compare-tree.js";
import { lookAtLog, markTold } from "../../src/monitor/look-at-log.js";
import type { Memory } from "../../src/monitor/memory.js";
import type { MonitorContext } from "../../src/monitor/model.js";
import { TestLog, cosign, testKey } from "../support/log-world.js";

const sha = (text: string) => sha256Hex(createHash("sha256").update(text).digest("hex"));
const start = Date.parse("2026-11-01T10:00:00Z");
const timeAt = (minutes: number) => new Date(start + minutes * 60_000).toISOString().replace(".000", "");

const heartbeat = (minutes: number): ReleaseLogEntry => ({
  ...{ kind: "heartbeat", time: timeAt(minutes), intervalSeconds: 3600, releases: {} },
});
const root = (version: number): ReleaseLogEntry => ({
  ...{ kind: "root", time: timeAt(0), version, sha256: sha(`root ${version}`) },
});
const release = (number: number, manifest = `manifest ${number}`): ReleaseLogEntry => ({
  ...{ kind: "release", time: timeAt(0), feed: feedName("endpoint"), release: releaseNumber(number) },
  ...{ manifestSha256: sha(manifest), databaseSha256: sha("d"), sourceTreeSha256: sha("s") },
  previousManifestSha256: null,
});
const withdrawal: ReleaseLogEntry = {
  ...{
    kind: "withdrawal",
    time: timeAt(1),
    feed: feedName("endpoint"),
    release: releaseNumber(1),
    restores: null,
  },
};
const emergency: ReleaseLogEntry = {
  ...{ kind: "emergency", time: timeAt(1), submissionDigest: sha("submission") },
  people: [{ by: "ada", reason: "it spreads" }],
};
const policyEntry: ReleaseLogEntry = {
  kind: "policy",
  time: timeAt(1),
  rootVersion: 2,
  sha256: sha("policy"),
};

const witness = testKey("witness.example/north", 4);

let log: TestLog;
let served: Map<string, Uint8Array>;
let minutes: number;
let kept: Map<string, Uint8Array>;
let context: MonitorContext;

beforeEach(() => {
  log = new TestLog();
  [served, kept, minutes] = [new Map(), new Map(), 0];
  context = {
    files: {
      read: async (name) => kept.get(name),
      write: async (name, bytes) => void kept.set(name, bytes),
      remove: async (name) => void kept.delete(name),
    },
    fetcher: {
      get: async (url) => {
        const bytes = served.get(url);
        if (bytes === undefined) throw new OperationError("FETCH_NOT_FOUND", url);
        return {
          status: 200,
          etag: undefined,
          body: (async function* () {
            yield bytes;
          })(),
        };
      },
    },
    clock: { now: () => new Date(start + minutes * 60_000) },
    ...{ digest: nodeDigest, key: log.log.key, url: "https://log.example/log", expected: new Set() },
  };
  write(root(1), release(1), heartbeat(0));
});

/** Appends and serves the log as it is now, under a checkpoint of its own signature or `signed`. */
function write(...entries: readonly ReleaseLogEntry[]): void {
  log.append(...entries.map(formatReleaseLogEntry));
  serve(log);
}

function serve(one: TestLog, checkpoint: Note = one.checkpoint()): void {
  for (const [name, bytes] of one.files) served.set(`https://log.example/log/${name}`, bytes);
  served.set("https://log.example/log/checkpoint", formatNote(checkpoint));
}

async function look(changes: Partial<MonitorContext> = {}) {
  const found = await lookAtLog({ ...context, ...changes });
  await markTold(context);
  return { ...found, codes: found.alarms.map(({ code }) => code), news: found.fresh.map(({ code }) => code) };
}

function another(...entries: readonly ReleaseLogEntry[]): TestLog {
  return new TestLog().append(...entries.map(formatReleaseLogEntry));
}

describe("a sound log", () => {
  it("gives every entry once, and no alarm, across many tiles", async () => {
    expect(await look()).toMatchObject({ codes: [], entries: [{ index: 0 }, { index: 1 }, { index: 2 }] });
    expect(await look()).toMatchObject({ codes: [], entries: [] });
    write(...Array.from({ length: 700 }, (_, i) => release(i + 2)));
    const { entries, codes, head } = await look();
    expect([entries.length, entries[0]?.index, head?.size]).toEqual([700, 3, 703]);
    expect(codes).toEqual([]);
    write(heartbeat(1));
    expect((await look()).entries).toMatchObject([{ index: 703, entry: { kind: "heartbeat" } }]);
  });
});

describe("SPEC §11.11.2, §11.11.3 two histories", () => {
  it("are convicted by their signatures, kept as evidence, and never forgotten", async () => {
    await look();
    serve(another(root(1), release(1, "another"), heartbeat(0), heartbeat(1)));
    const found = await look();
    expect(found.codes).toEqual(["LOG_FORK"]);
    const [evidence] = found.alarms.map((one) => one.evidence);
    expect(evidence).toHaveLength(2);
    expect(kept.get(evidence?.[0] as string)).not.toEqual(kept.get(evidence?.[1] as string));
    serve(log);
    expect(await look()).toMatchObject({ codes: ["LOG_FORK"], news: [] });
  });

  it("two roots of one size are a fork", async () => {
    await look();
    serve(another(root(1), release(1, "another"), heartbeat(0)));
    expect((await look()).codes).toEqual(["LOG_FORK"]);
  });

  it("SPEC §11.11.8 one of them shown to a witness alone is found by asking it", async () => {
    const text = `log ${log.log.vkey}\nwitness north ${witness.vkey} https://north.example\nquorum none\n`;
    const policy = parseLogPolicy(text);
    const name = createHash("sha256").update(log.origin).digest("hex");
    served.set(`https://north.example/${name}/checkpoint`, formatNote(log.checkpoint()));
    expect((await look({ policy })).codes).toEqual([]);
    const other = another(root(1), release(1, "another"), heartbeat(0));
    served.set(`https://north.example/${name}/checkpoint`, formatNote(other.checkpoint()));
    const found = await look({ policy });
    expect(found.codes).toEqual(["LOG_FORK"]);
    expect(found.alarms[0]?.message).toMatch(/^witness north/);
  });

  it("a smaller tree than before is an alarm, with both checkpoints", async () => {
    write(heartbeat(1));
    await look();
    serve(another(root(1), release(1)));
    const found = await look();
    expect(found.codes).toEqual(["LOG_REWOUND"]);
    expect(found.alarms[0]?.evidence).toHaveLength(2);
  });
});

describe("what is not the log's word", () => {
  it("SPEC §11.11.1 another key's signature is an alarm", async () => {
    const stranger = testKey("example.com/other", 1);
    const found = await lookAtLog({ ...context, key: stranger.key });
    expect(found.alarms.map(({ code }) => code)).toEqual(["LOG_KEY_UNKNOWN"]);
    expect(found.head).toBeUndefined();
  });

  it("entries that do not make the root are an alarm, and are not taken over", async () => {
    const lie = another(root(1), release(1, "another"), heartbeat(0));
    lie.checkpoint();
    served.set(
      "https://log.example/log/tile/entries/000.p/3",
      lie.files.get("tile/entries/000.p/3") as Uint8Array,
    );
    const found = await look();
    expect([found.codes, found.entries]).toEqual([["LOG_CONSISTENCY_FAILED"], []]);
  });

  it("an entry that is no entry is an alarm", async () => {
    log.append(utf8Bytes("{}"));
    serve(log);
    expect((await look()).codes).toEqual(["LOG_ENTRY_MALFORMED"]);
  });

  it("the folder of one log does not serve for another", async () => {
    await look();
    const { key } = testKey("example.com/other", 1);
    await expect(lookAtLog({ ...context, key })).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("SPEC §11.11.5 what nobody announced", () => {
  it.each<[string, ReleaseLogEntry, string]>([
    ["a root", root(2), `root:${sha("root 2")}`],
    ["a targets file", { ...root(2), kind: "targets" } as ReleaseLogEntry, `targets:${sha("root 2")}`],
    ["a policy", policyEntry, `policy:${sha("policy")}`],
    ["a withdrawal", withdrawal, "withdrawal:endpoint/1"],
    ["an approval in an emergency", emergency, `emergency:${sha("submission")}`],
  ])("%s is an alarm once, and none when it was announced", async (_, entry, id) => {
    await look();
    write(entry);
    const before = new Map(kept);
    expect(await look()).toMatchObject({ codes: ["LOG_ENTRY_UNEXPECTED"], news: ["LOG_ENTRY_UNEXPECTED"] });
    expect((await look()).codes).toEqual([]);
    for (const expected of [id, entry.kind]) {
      for (const [name, bytes] of before) kept.set(name, bytes);
      expect((await look({ expected: new Set([expected]) })).codes).toEqual([]);
    }
  });

  it("SPEC §11.11.4 a second manifest of one release is an alarm", async () => {
    await look();
    write(release(1, "another"));
    expect((await look()).codes).toEqual(["LOG_ENTRY_MISMATCH"]);
  });
});

describe("SPEC §11.11.6 the public tree", () => {
  const shown = (name: string, digest: string) => [
    { name, group: "endpoint", version: Number(name.split("/").at(-1)), sha256: sha(digest) },
  ];
  const memory = (logged: Record<string, string>) =>
    ({ logged, compared: {}, unlogged: {} }) as unknown as Memory;
  const logged = { "release/endpoint/2": sha("two"), "root/1": sha("root") };
  const now = new Date(start);

  it.each([
    ["agrees", "release/endpoint/2", "two", []],
    ["shows another manifest", "release/endpoint/2", "other", ["LOG_ENTRY_MISMATCH"]],
    ["shows a manifest that the log has not", "release/endpoint/3", "three", ["MANIFEST_UNLOGGED"]],
    ["shows a release older than the log", "release/endpoint/1", "one", []],
    ["shows a root that may still be on its way", "root/2", "root 2", []],
  ])("%s", (_, name, digest, codes) => {
    const { findings } = compareShown(shown(name, digest), memory(logged), now);
    expect(findings.map(({ code }) => code)).toEqual(codes);
  });

  it("a root that is not logged after two minutes is an alarm", () => {
    const file = shown("root/2", "root 2");
    const first = compareShown(file, memory(logged), now);
    const later = compareShown(file, { ...memory(logged), ...first.memory }, new Date(start + 120_000));
    expect(later.findings.map(({ code }) => code)).toEqual(["MANIFEST_UNLOGGED"]);
  });
});

describe("SPEC §11.11.7 silence", () => {
  it("is an alarm past twice the interval, shouted once, and over with the next heartbeat", async () => {
    minutes = 120;
    expect((await look()).codes).toEqual([]);
    minutes = 122;
    expect(await look()).toMatchObject({ codes: ["LOG_SILENT"], news: ["LOG_SILENT"] });
    minutes = 123;
    expect(await look()).toMatchObject({ codes: ["LOG_SILENT"], news: [] });
    served.delete("https://log.example/log/checkpoint");
    const unreached = await look();
    expect([unreached.codes, unreached.unreached.length]).toEqual([["LOG_SILENT"], 1]);
    write(heartbeat(123));
    expect((await look()).codes).toEqual([]);
  });

  it("of the witnesses is an alarm too, and so is a quorum that is not there", async () => {
    const text = `log ${log.log.vkey}\nwitness north ${witness.vkey}\nquorum north\n`;
    const policy = parseLogPolicy(text);
    expect((await look({ policy })).codes).toEqual(["WITNESS_QUORUM"]);
    serve(log, cosign(log.checkpoint(), start / 1000 - 8000, witness));
    expect((await look({ policy })).codes).toEqual(["CHECKPOINT_STALE"]);
    serve(log, cosign(log.checkpoint(), start / 1000 - 7000, witness));
    expect((await look({ policy })).codes).toEqual([]);
  });
});

describe("SPEC §11.11.9 a crash between finding and shouting", () => {
  it("does not swallow the alarm", async () => {
    await look();
    write(withdrawal);
    expect((await lookAtLog(context)).fresh.map(({ code }) => code)).toEqual(["LOG_ENTRY_UNEXPECTED"]);
    expect(await look()).toMatchObject({ news: ["LOG_ENTRY_UNEXPECTED"] });
    expect(await look()).toMatchObject({ codes: [], news: [] });
  });
});

it("a damaged memory is said to be so, not begun anew", async () => {
  kept.set("monitor.json", utf8Bytes("{"));
  await expect(lookAtLog(context)).rejects.toMatchObject({ code: "STATE_CORRUPT" });
  expect(formatVerifierKey(context.key)).toBe(log.log.vkey);
});
