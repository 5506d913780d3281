import { describe, expect, it } from "vitest";
import { utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import { isQuorum, parseLogPolicy } from "../../../src/core/log/log-policy.js";
import { formatLogProof, parseLogProof } from "../../../src/core/log/log-proof.js";
import { verifyLogProof } from "../../../src/core/log/verify-checkpoint.js";
import { formatAddCheckpoint, parseAddCheckpoint } from "../../../src/core/log/witness-request.js";
import {
  type TestKey,
  TestLog,
  cosign,
  testKey,
  testLogPolicy,
  testWitnesses,
} from "../../support/log-world.js";

const now = new Date("2026-09-01T12:00:00Z");
const seconds = now.getTime() / 1000;
const [north, south, west] = testWitnesses as [TestKey, TestKey, TestKey];
const policy = parseLogPolicy(testLogPolicy(new TestLog().log));
const log = () => new TestLog().append("one", "two", "three", "four", "five");

async function proof(...cosigners: readonly (readonly [TestKey, number])[]) {
  const made = log();
  let note = made.checkpoint();
  for (const [witness, time] of cosigners) note = cosign(note, time, witness);
  return made.prove(2, note);
}

describe("a log proof", () => {
  it("SPEC §11.5.2 holds with a quorum of two of three", async () => {
    const made = await proof([north, seconds - 60], [west, seconds]);
    const { checkpoint, index } = await verifyLogProof(made, utf8Bytes("three"), { policy, now });
    expect(index).toBe(2);
    expect(checkpoint).toMatchObject({
      size: 5,
      cosignatures: [
        { witness: "w1", time: seconds - 60 },
        { witness: "w3", time: seconds },
      ],
    });
  });

  it("is read and written the same, with and without extra", async () => {
    const plain = formatLogProof(await proof([north, seconds]));
    const extra = plain.replace("\n", "\nextra AAEC\n");
    expect(formatLogProof(parseLogProof(plain))).toBe(plain);
    expect(formatLogProof(parseLogProof(extra))).toBe(extra);
  });

  it.each([
    ["without its first line", (text: string) => text.slice(text.indexOf("\n") + 1)],
    ["of another version", (text: string) => text.replace("@v1", "@v2")],
    ["without an index", (text: string) => text.replace(/index \d+\n/, "")],
    ["with a leading zero", (text: string) => text.replace("index 2", "index 02")],
    ["with a carriage return", (text: string) => text.replace("index 2", "index 2\r")],
    ["with extra after the index", (text: string) => text.replace("index 2\n", "index 2\nextra AAEC\n")],
    ["with a hash of 31 bytes", (text: string) => text.replace(/\n.{44}\n/, `\n${btoa("x".repeat(31))}\n`)],
    [
      "with 64 hashes",
      (text: string) => text.replace("index 2\n", `index 2\n${`${btoa("x".repeat(32))}\n`.repeat(64)}`),
    ],
    ["without an empty line", (text: string) => text.replace(/\n\n/g, "\n")],
  ])("SPEC §11.5.1 is refused %s", async (_rule, change) => {
    const text = change(formatLogProof(await proof([north, seconds])));
    expect(() => parseLogProof(text)).toThrowError(expect.objectContaining({ code: "LOG_PROOF_MALFORMED" }));
  });

  it("SPEC §11.6.3 is refused under a log that the policy does not pin, and without the log's line", async () => {
    const foreign = new TestLog("example.com/other").append("three");
    const theirs = await foreign.prove(0, cosign(foreign.checkpoint(), seconds, north, south));
    await expect(verifyLogProof(theirs, utf8Bytes("three"), { policy, now })).rejects.toMatchObject({
      code: "LOG_KEY_UNKNOWN",
    });
    const made = await proof([north, seconds], [south, seconds]);
    const bare = { ...made.checkpoint, signatures: made.checkpoint.signatures.slice(1) };
    await expect(
      verifyLogProof({ ...made, checkpoint: bare }, utf8Bytes("three"), { policy, now }),
    ).rejects.toMatchObject({ code: "LOG_KEY_UNKNOWN" });
  });

  it.each([
    ["SPEC §11.6.5 without cosignatures", [], "WITNESS_QUORUM"],
    ["SPEC §11.6.5 with one of three", [[north, seconds]], "WITNESS_QUORUM"],
    [
      "SPEC §11.6.5 with one of three, twice",
      [
        [north, seconds],
        [north, seconds - 1],
      ],
      "WITNESS_QUORUM",
    ],
    [
      "SPEC §11.6.5 with one that nobody pinned",
      [
        [north, seconds],
        [testKey("witness.example/east", 4), seconds],
      ],
      "WITNESS_QUORUM",
    ],
    [
      "SPEC §11.6.4 with one from the future",
      [
        [north, seconds],
        [south, seconds + 301],
      ],
      "WITNESS_QUORUM",
    ],
    [
      "SPEC §11.6.6 with one that is too old",
      [
        [north, seconds],
        [south, seconds - 3601],
      ],
      "CHECKPOINT_STALE",
    ],
  ] as const)("is refused %s", async (_rule, cosigners, code) => {
    const demand = { policy, now, cosignatureSecondsMax: 3600 };
    await expect(verifyLogProof(await proof(...cosigners), utf8Bytes("three"), demand)).rejects.toMatchObject(
      { code },
    );
  });

  it("SPEC §11.6.4 counts the latest cosignature of a witness", async () => {
    const demand = { policy, now, cosignatureSecondsMax: 3600 };
    const made = await proof(
      [north, seconds - 9999],
      [south, seconds],
      [north, seconds],
      [north, seconds - 8888],
    );
    const { checkpoint } = await verifyLogProof(made, utf8Bytes("three"), demand);
    expect(checkpoint.cosignatures).toContainEqual({ witness: "w1", time: seconds });
  });

  it("SPEC §11.4.2 is refused for another entry, even one that is in the log", async () => {
    const made = await proof([north, seconds], [south, seconds]);
    for (const entry of ["two", "thre", "three "]) {
      await expect(verifyLogProof(made, utf8Bytes(entry), { policy, now })).rejects.toMatchObject({
        code: "LOG_INCLUSION_FAILED",
      });
    }
  });

  it("is refused with any bit of it flipped", async () => {
    const text = formatLogProof(await proof([north, seconds], [south, seconds]));
    const bytes = utf8Bytes(text);
    for (let at = 0; at < bytes.length; at++) {
      const bad = Uint8Array.from(bytes);
      bad[at] = (bad[at] as number) ^ (1 << (at % 7));
      await expect(
        (async () => verifyLogProof(parseLogProof(utf8Text(bad)), utf8Bytes("three"), { policy, now }))(),
        `byte ${at}`,
      ).rejects.toMatchObject({ code: expect.stringMatching(/^(LOG_|NOTE_|WITNESS_|TEXT_)/) });
    }
  });
});

describe("a log policy", () => {
  const { vkey } = new TestLog().log;
  const lines = (...text: readonly string[]) => `${text.join("\n")}\n`;
  const three = testWitnesses.map(({ vkey }, i) => `witness w${i + 1} ${vkey}`);

  it("is read with comments, addresses, and groups of groups", () => {
    const text = lines(
      "# who counts",
      `log ${vkey} https://example.com/log # ours`,
      "",
      ...three.slice(0, 2),
      `${three[2]}  https://witness.example/west`,
      "group vendors any w1 w2",
      "group both all vendors w3",
      "quorum both",
    );
    const read = parseLogPolicy(text);
    expect(read.logs[0]?.url).toBe("https://example.com/log");
    expect(read.groups).toEqual([
      { name: "vendors", threshold: 1, members: ["w1", "w2"] },
      { name: "both", threshold: 2, members: ["vendors", "w3"] },
    ]);
    const met = (...names: string[]) => isQuorum(read, new Set(names));
    expect([met("w1", "w3"), met("w2", "w3"), met("w1", "w2"), met("w3")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("SPEC §11.6.2 none is met by nobody", () => {
    expect(isQuorum(parseLogPolicy(lines(`log ${vkey}`, "quorum none")), new Set())).toBe(true);
  });

  it("SPEC §11.6.2 one witness may be the quorum", () => {
    const read = parseLogPolicy(lines(`log ${vkey}`, ...three, "quorum w2"));
    expect([isQuorum(read, new Set(["w2"])), isQuorum(read, new Set(["w1", "w3"]))]).toEqual([true, false]);
  });

  it.each([
    ["without a log", [...three, "quorum none"]],
    ["without a quorum", [`log ${vkey}`]],
    ["with two quorums", [`log ${vkey}`, "quorum none", "quorum none"]],
    ["with a quorum that does not exist", [`log ${vkey}`, "quorum all"]],
    ["with a word that is not known", [`log ${vkey}`, "mirror x", "quorum none"]],
    ["with a key twice", [`log ${vkey}`, `log ${vkey}`, "quorum none"]],
    [
      "with a witness's key under two names",
      [`log ${vkey}`, ...three, three[0]?.replace("w1", "w4"), "quorum none"],
    ],
    ["with a name twice", [`log ${vkey}`, ...three, "group w1 any w2", "quorum none"]],
    ["with a witness called none", [`log ${vkey}`, three[0]?.replace("w1", "none"), "quorum none"]],
    ["with a group above its members", [`log ${vkey}`, "group g any w1", ...three, "quorum g"]],
    [
      "with a member in two groups",
      [`log ${vkey}`, ...three, "group a any w1", "group b any w1", "quorum b"],
    ],
    ["with a threshold of 0", [`log ${vkey}`, ...three, "group g 0 w1", "quorum g"]],
    ["with a threshold above its members", [`log ${vkey}`, ...three, "group g 3 w1 w2", "quorum g"]],
    ["with a log's key that cosigns", [`log ${testWitnesses[0]?.vkey}`, "quorum none"]],
    [
      "with a witness's key that signs notes",
      [`log ${vkey}`, `witness w ${testKey("w", 1).vkey}`, "quorum w"],
    ],
    ["with an empty group", [`log ${vkey}`, "group g any", "quorum g"]],
    ["with a log and two addresses", [`log ${vkey} https://a https://b`, "quorum none"]],
    [
      "with 129 logs",
      [...Array.from({ length: 129 }, (_, i) => `log ${testKey(`log-${i}`, 1).vkey}`), "quorum none"],
    ],
  ])("SPEC §11.6.1 is refused %s", (_rule, text) => {
    expect(() => parseLogPolicy(lines(...(text as string[])))).toThrowError(
      expect.objectContaining({ code: "LOG_POLICY_MALFORMED" }),
    );
  });
});

describe("a request to a witness", () => {
  it("is read and written the same", async () => {
    const made = log();
    const bytes = formatAddCheckpoint({
      oldSize: 3,
      proof: await made.continues(3),
      checkpoint: made.checkpoint(),
    });
    expect(formatAddCheckpoint(parseAddCheckpoint(bytes))).toEqual(bytes);
    expect(utf8Text(bytes).startsWith("old 3\n")).toBe(true);
  });

  it.each([
    ["without its first line", (text: string) => text.replace("old 3\n", "")],
    ["with a size below 0", (text: string) => text.replace("old 3", "old -3")],
    [
      "with 64 hashes",
      (text: string) => text.replace("old 3\n", `old 3\n${`${btoa("x".repeat(32))}\n`.repeat(64)}`),
    ],
    ["without an empty line", (text: string) => text.replaceAll("\n\n", "\n")],
    ["with a broken checkpoint", (text: string) => text.slice(0, -1)],
  ])("SPEC §11.9.1 is refused %s", async (_rule, change) => {
    const made = log();
    const bytes = formatAddCheckpoint({
      oldSize: 3,
      proof: await made.continues(3),
      checkpoint: made.checkpoint(),
    });
    expect(() => parseAddCheckpoint(utf8Bytes(change(utf8Text(bytes))))).toThrowError(
      expect.objectContaining({ code: "NOTE_MALFORMED" }),
    );
  });
});
