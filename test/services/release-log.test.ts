/** The way from a decision to the log: whatever dies in between, each entry comes once, in order, and none that was not decided. */
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFilesystemLog } from "../../src/adapters/log/filesystem.js";
import { nodeDigest, nodePairDigest } from "../../src/adapters/node-digest.js";
import { openSQLiteRecords } from "../../src/adapters/records/sqlite.js";
import { utf8Bytes, utf8Text } from "../../src/core/encoding/bytes.js";
import { OperationError } from "../../src/core/errors.js";
import { parseLogPolicy } from "../../src/core/log/log-policy.js";
import { parseLogProof } from "../../src/core/log/log-proof.js";
import { formatReleaseLogEntry } from "../../src/core/log/release-entries.js";
import { verifyLogProof } from "../../src/core/log/verify-checkpoint.js";
import type { LogStore } from "../../src/ports/log-store.js";
import type { Records } from "../../src/ports/records.js";
import type { OwnLog } from "../../src/services/append-to-log.js";
import {
  decideEntry,
  hasPendingEntries,
  loggedEntry,
  logWrites,
  provenEntry,
  writeLogEntries,
} from "../../src/services/release-log.js";
import { wholeLog } from "../contract/log-store.js";
import { testKey } from "../support/log-world.js";
import { temporaryFolder } from "../support/temporary.js";
import { signerOf } from "../support/test-witness.js";
import { entries } from "../vectors/log/make.js";

const key = testKey("example.com/releases", 1);
const policy = parseLogPolicy(`log ${key.vkey}\nquorum none\n`);
const now = new Date("2026-09-01T12:00:00Z");
const dead = new OperationError("STORE_FAILED", "expected life, got death");

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let records: Records;
let store: LogStore;
/** How many acts of the process that is being watched are still done; the next one is its last, done or not. */
let acts: number;
let lastIsDone: boolean;

/** One act: nothing after the last one happens, and whether that one did, nobody is told. */
async function act<T>(work: () => Promise<T>): Promise<T> {
  if (acts < 0) throw dead;
  if (acts-- > 0) return work();
  if (lastIsDone) await work();
  throw dead;
}

function context(watched: boolean) {
  const dying: Records = { ...bound(records), commit: (...given) => act(() => records.commit(...given)) };
  const dyingStore = Object.create(store, {
    append: { value: (given: readonly Uint8Array[]) => act(() => store.append(given)) },
    size: { get: () => store.size },
    read: { value: (name: string) => store.read(name) },
    settle: { value: () => store.settle() },
  }) as LogStore;
  const log: OwnLog = {
    ...{ origin: key.key.name, signer: signerOf(key), store: watched ? dyingStore : store, witnesses: [] },
    ...{ policy: async () => policy, clock: { now: () => now }, pairDigest: nodePairDigest },
    pause: async () => undefined,
  };
  const releaseLog = { intervalSeconds: 3600, open: async () => log };
  return { records: watched ? dying : records, releaseLog };
}

const bound = (one: Records): Records => ({
  get: (...given) => one.get(...given),
  list: (...given) => one.list(...given),
  commit: (...given) => one.commit(...given),
  close: () => one.close(),
});

const text = (n: number) => utf8Text(formatReleaseLogEntry(entries[n] as (typeof entries)[number]));
const inLog = async () => wholeLog(store, (await store.settle()).size);

beforeEach(async () => {
  folder = await temporaryFolder();
  records = await openSQLiteRecords({ path: join(folder.path, "records.sqlite") });
  store = await openFilesystemLog({
    ...{ files: join(folder.path, "public"), state: join(folder.path, "state"), digest: nodeDigest },
  });
});
afterEach(async () => {
  await records.close();
  await store.close();
  await folder.remove();
});

describe("the outbox of the release log", () => {
  it.each(entries.map((entry) => [entry.kind, entry] as const))(
    "SPEC §11.7.3 decides a %s in one transaction with its act, and proves it",
    async (kind, entry) => {
      const id = `${kind}/1`;
      const one = context(false);
      const actOf = (expected: number) => ({ collection: "acts", id, expected, body: { done: true } });
      await expect(records.commit([actOf(5), ...logWrites(one, id, entry)])).rejects.toMatchObject({
        code: "RECORD_CONFLICT",
      });
      expect(await hasPendingEntries(one)).toBe(false);
      await records.commit([actOf(0), ...logWrites(one, id, entry)]);
      expect(await loggedEntry(one, id)).toBeUndefined();
      const { proof, index } = await provenEntry(one, id);
      await verifyLogProof(parseLogProof(proof), formatReleaseLogEntry(entry), { policy, now });
      expect([index, await hasPendingEntries(one), await inLog()]).toEqual([
        0,
        false,
        [utf8Text(formatReleaseLogEntry(entry))],
      ]);
    },
  );

  it.each([
    [0, false],
    [0, true],
    [1, false],
    [1, true],
    [2, false],
    [2, true],
  ])("SPEC §11.7.5 has each entry once after a death at act %i (done: %s)", async (at, done) => {
    [acts, lastIsDone] = [99, false];
    await store.append([utf8Bytes("what was there before")]);
    const dying = context(true);
    for (const n of [9, 0, 1]) await decideEntry(dying, `entry/${n}`, entries[n] as (typeof entries)[number]);
    [acts, lastIsDone] = [at, done];
    await expect(writeLogEntries(dying)).rejects.toBe(dead);
    // Somebody else's entry comes between.
    if (at > 0) await store.append([utf8Bytes("another")]);
    const next = context(false);
    await writeLogEntries(next);
    await writeLogEntries(next);
    const found = await inLog();
    expect(found.filter((one) => one.startsWith("{")).toSorted()).toEqual([9, 0, 1].map(text).toSorted());
    for (const n of [9, 0, 1]) {
      const logged = await loggedEntry(next, `entry/${n}`);
      expect(found[logged?.index as number], `entry ${n}`).toBe(text(n));
    }
    expect(await hasPendingEntries(next)).toBe(false);
  });

  it("keeps what was decided first under an id, and has it once, however many decide and write", async () => {
    const one = context(false);
    const [first, second] = [entries[0], entries[1]] as [(typeof entries)[number], (typeof entries)[number]];
    await decideEntry(one, "same", first);
    await Promise.all(Array.from({ length: 5 }, () => decideEntry(one, "same", second)));
    await Promise.all(Array.from({ length: 5 }, () => writeLogEntries(one)));
    await decideEntry(one, "same", second);
    await writeLogEntries(one);
    expect(await inLog()).toEqual([text(0)]);
  });

  it("is nothing for a publisher without a log", async () => {
    const none = { records, releaseLog: undefined };
    expect(logWrites(none, "x", entries[0] as (typeof entries)[number])).toEqual([]);
    await writeLogEntries(none);
    expect(await inLog()).toEqual([]);
  });
});
