import { describe, expect, it } from "vitest";
import { hexText, utf8Bytes } from "../../src/core/encoding/bytes.js";
import { sha256 } from "../../src/core/encoding/sha256.js";
import { parseCheckpoint } from "../../src/core/log/checkpoint.js";
import { parseNote, parseSignatureLines, verifyLines } from "../../src/core/log/note.js";
import { formatAddCheckpoint } from "../../src/core/log/witness-request.js";
import { cosignCheckpoint, cosignedCheckpoint } from "../../src/witness/cosign-checkpoint.js";
import { type TestKey, TestLog, noteLine, testKey, testWitnesses } from "../support/log-world.js";
import { memoryWitnessState } from "../support/memory-witness-state.js";
import { witnessContext } from "../support/test-witness.js";

const [key] = testWitnesses as [TestKey];
const clock = { now: () => new Date("2026-09-01T12:00:00Z") };
const log = (size: number, word = "entry") =>
  new TestLog().append(...Array.from({ length: size }, (_, i) => `${word} ${i}`));

function witness() {
  const context = witnessContext(key, [new TestLog().log], clock);
  const ask = async (
    made: TestLog,
    oldSize: number,
    change: Partial<Parameters<typeof formatAddCheckpoint>[0]> = {},
  ) =>
    cosignCheckpoint(
      context,
      formatAddCheckpoint({
        oldSize,
        proof: oldSize <= made.size ? await made.continues(oldSize) : [],
        checkpoint: made.checkpoint(),
        ...change,
      }),
    );
  return { context, ask };
}

describe("a witness", () => {
  it("cosigns the first checkpoint, one that continues it, and the same one again", async () => {
    const { ask } = witness();
    for (const [size, old] of [
      [5, 0],
      [9, 5],
      [9, 9],
      [300, 9],
    ] as const) {
      const made = log(size);
      const answer = await ask(made, old);
      expect(answer).toMatchObject({ status: 200 });
      const signatures = parseSignatureLines(answer.body);
      expect(await verifyLines({ text: made.checkpoint().text, signatures }, [key.key])).toEqual([
        { key: key.key, cosignature: { time: clock.now().getTime() / 1000 } },
      ]);
    }
  });

  it("SPEC §11.9.3 answers another size with the one that it has", async () => {
    const { ask } = witness();
    await ask(log(5), 0);
    for (const old of [0, 4, 6]) {
      expect(await ask(log(9), old)).toEqual({ status: 409, type: "text/x.tlog.size", body: "5\n" });
    }
    expect(await ask(log(3), 3)).toMatchObject({ status: 409 });
  });

  it.each<[string, (made: TestLog) => Promise<object> | object, number]>([
    ["§11.9.4 a proof that is missing", () => ({ proof: [] }), 422],
    ["§11.9.4 a proof of something else", async () => ({ proof: await log(10).continues(5) }), 422],
    [
      "§11.9.2 a signature that is not the log's",
      (made) => {
        const { text } = made.checkpoint();
        const { signature } = noteLine(testKey("someone", 1), text);
        return { checkpoint: { text, signatures: [{ ...noteLine(made.log, text), signature }] } };
      },
      403,
    ],
    [
      "§11.9.2 no line of the log's key",
      (made) => {
        const { text } = made.checkpoint();
        return { checkpoint: { text, signatures: [noteLine(testKey("someone", 1), text)] } };
      },
      403,
    ],
  ])("SPEC %s is refused", async (_rule, change, status) => {
    const { ask } = witness();
    await ask(log(5), 0);
    const made = log(9);
    expect(await ask(made, 5, await change(made))).toMatchObject({ status });
    expect(await ask(made, 5)).toMatchObject({ status: 200 });
  });

  it("SPEC §11.9.2 knows no other log", async () => {
    const { context } = witness();
    const other = new TestLog("example.com/other").append("x");
    const body = formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint: other.checkpoint() });
    expect(await cosignCheckpoint(context, body)).toMatchObject({ status: 404 });
  });

  it("SPEC §11.9.1, §11.9.3 refuses what is malformed, and an old size above the checkpoint's", async () => {
    const { context, ask } = witness();
    expect(await cosignCheckpoint(context, utf8Bytes("old x\n\n"))).toMatchObject({ status: 400 });
    expect(await ask(log(5), 6)).toMatchObject({ status: 400 });
  });

  it("SPEC §11.9.4 refuses a split view: another tree of the same size, and one that continues another", async () => {
    const { ask } = witness();
    await ask(log(5), 0);
    expect(await ask(log(5, "lie"), 5)).toMatchObject({ status: 422 });
    expect(await ask(log(9, "lie"), 5)).toMatchObject({ status: 422 });
    expect(await ask(log(5, "lie"), 0)).toMatchObject({ status: 409 });
  });

  it("SPEC §11.9.5 answers nothing that it could not store", async () => {
    const state = memoryWitnessState();
    const full = { ...state, swap: async () => Promise.reject(new Error("disk full")) };
    const context = witnessContext(key, [new TestLog().log], clock, full);
    const body = formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint: log(5).checkpoint() });
    await expect(cosignCheckpoint(context, body)).rejects.toThrow("disk full");
    expect(await state.read(log(5).origin)).toBeUndefined();
  });

  it("SPEC §11.9.5 cosigns one of several trees that come at the same moment", async () => {
    const { ask } = witness();
    const rivals = Array.from({ length: 10 }, (_, i) => log(5, `rival ${i}`));
    const answers = await Promise.all(rivals.map((made) => ask(made, 0)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
  });

  it("SPEC §11.9.6 shows what it has cosigned last", async () => {
    const { context, ask } = witness();
    const name = hexText(await sha256(utf8Bytes(new TestLog().origin)));
    expect(await cosignedCheckpoint(context, name)).toMatchObject({ status: 404 });
    await ask(log(5), 0);
    await ask(log(9), 5);
    const { body } = await cosignedCheckpoint(context, name);
    expect(parseCheckpoint(parseNote(utf8Bytes(body)).text).size).toBe(9);
    expect(await cosignedCheckpoint(context, "0".repeat(64))).toMatchObject({ status: 404 });
  });
});
