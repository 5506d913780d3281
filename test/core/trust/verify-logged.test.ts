import { describe, expect, it } from "vitest";
import { feedName, releaseNumber, sha256Hex } from "../../../src/core/brands.js";
import { utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import { formatLogProof } from "../../../src/core/log/log-proof.js";
import { type ReleaseEntry, formatReleaseLogEntry } from "../../../src/core/log/release-entries.js";
import { type LogEvidence, formatEvidence, parseEvidence } from "../../../src/core/trust/evidence.js";
import { type LogHistory, verifyLogged } from "../../../src/core/trust/verify-logged.js";
import { type TestKey, TestLog, cosign, testLogPolicy, testWitnesses } from "../../support/log-world.js";

const now = new Date("2026-09-01T12:00:00Z");
const seconds = now.getTime() / 1000;
const [north, south, west] = testWitnesses as [TestKey, TestKey, TestKey];
const subject = {
  feed: feedName("endpoint"),
  release: releaseNumber(7),
  manifestSha256: sha256Hex("a".repeat(64)),
  now,
};
const entry: ReleaseEntry = {
  ...{ kind: "release", time: "2026-09-01T11:59:00Z", feed: subject.feed, release: subject.release },
  ...{ manifestSha256: subject.manifestSha256, databaseSha256: sha256Hex("b".repeat(64)) },
  ...{ sourceTreeSha256: sha256Hex("c".repeat(64)), previousManifestSha256: null },
};
const demand = { policy: testLogPolicy(new TestLog().log), cosignatureHoursMax: 24 };

interface Made {
  readonly logged?: Partial<ReleaseEntry>;
  /** What the evidence claims was logged. */
  readonly claimed?: Partial<ReleaseEntry>;
  readonly cosigners?: readonly (readonly [TestKey, number])[];
  readonly origin?: string;
  readonly before?: readonly string[];
}

async function made({ logged, claimed, cosigners, origin, before = ["one", "two", "three"] }: Made = {}) {
  const log = new TestLog(origin).append(...before, formatReleaseLogEntry({ ...entry, ...logged }));
  let note = log.checkpoint();
  const witnesses = cosigners ?? [
    [north, seconds],
    [west, seconds - 60],
  ];
  for (const [witness, time] of witnesses) note = cosign(note, time, witness);
  const proof = await log.prove(before.length, note);
  const text = utf8Text(formatReleaseLogEntry({ ...entry, ...(claimed ?? logged) }));
  const evidence: LogEvidence = { entry: text, proof: formatLogProof(proof) };
  return { log, evidence };
}

const history = (seen: TestLog, log: TestLog): LogHistory => ({
  seen: (origin) => (origin === seen.origin ? { size: seen.size, root: seen.root } : undefined),
  readTile: log.readTile,
});

describe("a release in the log", () => {
  it("SPEC §7.9 to §7.15 holds with every check named", async () => {
    const { evidence, log } = await made();
    const seen = new TestLog().append("one", "two");
    const proven = await verifyLogged(subject, { evidence, history: history(seen, log) }, demand);
    expect(proven.entry).toMatchObject({ index: 3, checkpoint: { size: 4 } });
    expect(proven.checks.map(({ clause }) => clause)).toEqual(
      [9, 10, 11, 12, 13, 14, 15].map((check) => `SPEC §7.${check}`),
    );
  });

  it("SPEC §7.9 is refused without a proof", async () => {
    await expect(verifyLogged(subject, {}, demand)).rejects.toMatchObject({ code: "LOG_PROOF_MISSING" });
  });

  it.each<[string, (evidence: LogEvidence) => Partial<LogEvidence>, string]>([
    [
      "SPEC §7.9 with a proof that cannot be read",
      () => ({ proof: "c2sp.org/tlog-proof@v2\n\n" }),
      "LOG_PROOF_MALFORMED",
    ],
    ["SPEC §7.9 with a broken checkpoint", ({ proof }) => ({ proof: proof.slice(0, -1) }), "NOTE_MALFORMED"],
    ["SPEC §7.9 with an entry that cannot be read", () => ({ entry: "{}" }), "LOG_ENTRY_MALFORMED"],
    [
      "SPEC §7.15 with an entry that says the same in other bytes",
      ({ entry: text }) => ({ entry: text.replace("{", '{"aside":1,') }),
      "LOG_INCLUSION_FAILED",
    ],
    [
      "SPEC §7.15 with the index of another entry",
      ({ proof }) => ({ proof: proof.replace("index 3", "index 2") }),
      "LOG_INCLUSION_FAILED",
    ],
  ])("is refused %s", async (_rule, change, code) => {
    const { evidence } = await made();
    const claim = { evidence: { ...evidence, ...change(evidence) } };
    await expect(verifyLogged(subject, claim, demand)).rejects.toMatchObject({ code });
  });

  it.each<[string, Made, string]>([
    [
      "SPEC §7.10 for another manifest",
      { logged: { manifestSha256: sha256Hex("d".repeat(64)) } },
      "LOG_ENTRY_MISMATCH",
    ],
    ["SPEC §7.10 for another release", { logged: { release: releaseNumber(8) } }, "LOG_ENTRY_MISMATCH"],
    ["SPEC §7.10 for another feed", { logged: { feed: feedName("servers") } }, "LOG_ENTRY_MISMATCH"],
    [
      "SPEC §7.15 for a manifest that was not logged",
      { logged: { manifestSha256: sha256Hex("d".repeat(64)) }, claimed: {} },
      "LOG_INCLUSION_FAILED",
    ],
    ["SPEC §7.11 in a log that nobody pinned", { origin: "example.com/other" }, "LOG_KEY_UNKNOWN"],
    ["SPEC §7.13 with one witness of three", { cosigners: [[north, seconds]] }, "WITNESS_QUORUM"],
    [
      "SPEC §7.14 with cosignatures of the day before yesterday",
      {
        cosigners: [
          [north, seconds - 90_000],
          [south, seconds - 90_000],
        ],
      },
      "CHECKPOINT_STALE",
    ],
  ])("is refused %s", async (_rule, change, code) => {
    const { evidence } = await made(change);
    await expect(verifyLogged(subject, { evidence }, demand)).rejects.toMatchObject({ code });
  });

  it("SPEC §7.10 is refused with an entry of another kind", async () => {
    const { evidence } = await made();
    const root = utf8Text(
      formatReleaseLogEntry({ kind: "root", time: entry.time, version: 1, sha256: subject.manifestSha256 }),
    );
    await expect(
      verifyLogged(subject, { evidence: { ...evidence, entry: root } }, demand),
    ).rejects.toMatchObject({
      code: "LOG_ENTRY_MISMATCH",
    });
  });

  it("SPEC §7.12 is refused when the log has told another history before, even without a quorum", async () => {
    const { evidence, log } = await made({ cosigners: [] });
    for (const seen of [
      new TestLog().append("one", "lie"),
      new TestLog().append("one", "two", "three", "lie"),
    ]) {
      await expect(
        verifyLogged(subject, { evidence, history: history(seen, log) }, demand),
      ).rejects.toMatchObject({
        code: "LOG_FORK",
      });
    }
  });

  it("SPEC §7.12 takes the consistency proof of the document, and tiles when it does not fit", async () => {
    const { evidence, log } = await made();
    const seen = new TestLog().append("one", "two");
    const consistency = { from: 2, hashes: await log.continues(2) };
    const none = { ...history(seen, log), readTile: async () => Promise.reject(new Error("no tiles")) };
    await verifyLogged(subject, { evidence: { ...evidence, consistency }, history: none }, demand);
    const other = { from: 1, hashes: await log.continues(1) };
    await verifyLogged(
      subject,
      { evidence: { ...evidence, consistency: other }, history: history(seen, log) },
      demand,
    );
  });
});

describe("the evidence document", () => {
  const index = {
    ...{ feed: subject.feed, release: subject.release },
    manifestSha256: subject.manifestSha256,
    cmsSha256: sha256Hex("e".repeat(64)),
  };

  it("SPEC §9.1.4 is read as written, members sorted, without blanks", async () => {
    const { evidence: log } = await made();
    const consistency = { from: 2, hashes: [new Uint8Array(32).fill(7)] };
    const whole = { ...index, mldsaSha256: index.cmsSha256, log: { ...log, consistency } };
    const bytes = formatEvidence(whole);
    expect(parseEvidence(bytes)).toEqual(whole);
    expect(formatEvidence(parseEvidence(bytes))).toEqual(bytes);
    const names = Object.keys(JSON.parse(utf8Text(bytes)));
    expect(names).toEqual([...names].sort());
  });

  it("SPEC §9.1.4 may have members that are not known", () => {
    const text = utf8Text(formatEvidence(index)).replace("{", '{"aside":{"9":[1],"a":{"10":true,"9":null}},');
    expect(parseEvidence(utf8Bytes(text))).toEqual(index);
  });

  it.each([
    ["of another schema", (text: string) => text.replace('"schema":1', '"schema":2')],
    ["without a feed", (text: string) => text.replace('"feed"', '"food"')],
    [
      "with an entry and no proof",
      (text: string) => text.replace('"manifestSha256"', '"logEntry":"x","manifestSha256"'),
    ],
    [
      "with hashes that are none",
      (text: string) =>
        text.replace(
          '"manifestSha256"',
          '"logConsistency":{"from":1,"hashes":["x"]},"logEntry":"x","logProof":"y","manifestSha256"',
        ),
    ],
    ["with blanks at its end", (text: string) => `${text}  `],
    ["with blanks at its start", (text: string) => ` ${text}`],
    ["without its line feed", (text: string) => text.trimEnd()],
    ["with blanks inside", (text: string) => text.replace(":", ": ")],
    ["with members in another order", (text: string) => text.replace("{", '{"z":1,')],
    ["with inner members in another order", (text: string) => text.replace("{", '{"aside":{"b":1,"a":1},')],
    ["with a letter escaped", (text: string) => text.replace('"feed"', '"\\u0066eed"')],
    ["that is no JSON", (text: string) => text.slice(1)],
  ])("SPEC §9.1.4 is refused %s", (_rule, change) => {
    const text = change(utf8Text(formatEvidence(index)));
    expect(() => parseEvidence(utf8Bytes(text))).toThrowError(
      expect.objectContaining({ code: "LOG_PROOF_MALFORMED" }),
    );
  });
});
