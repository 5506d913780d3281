import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSQLiteRecords } from "../../src/adapters/records/sqlite.js";
import type { Records } from "../../src/ports/records.js";
import { Leadership } from "../../src/services/leadership.js";
import { temporaryFolder } from "../support/temporary.js";

const leaseMs = 8000;

describe("leadership", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let records: Records;
  let now: number;
  let a: Leadership;
  let b: Leadership;
  const make = (name: string, of: Records = records) =>
    new Leadership({ records: of, name, leaseMs, monotonic: () => now });
  beforeEach(async () => {
    folder = await temporaryFolder();
    records = await openSQLiteRecords({ path: join(folder.path, "r.sqlite") });
    now = 1000;
    [a, b] = [make("a"), make("b")];
  });
  afterEach(async () => {
    await records.close();
    await folder.remove();
  });
  const round = async (...all: Leadership[]) => {
    for (const one of all) await one.attend();
    return all.map(({ term }) => term);
  };
  const step = (by: Leadership) =>
    records.commit([{ collection: "c", id: String(now), expected: 0, body: 1 }], by.fence());

  it("SPEC §17.9.1 is one process's, however many ask at once", async () => {
    const all = Array.from({ length: 10 }, (_, i) => make(`${i}`));
    await Promise.all(all.map((one) => one.attend()));
    expect(all.filter(({ term }) => term !== undefined)).toHaveLength(1);
  });

  it("stays with who beats, for as long as that goes on", async () => {
    for (let i = 0; i < 30; i++, now += leaseMs / 4) expect(await round(a, b)).toEqual([1, undefined]);
  });

  it("SPEC §17.9.3 goes over when no beat was seen for a whole lease, and no sooner", async () => {
    await round(a, b);
    now += leaseMs - 1;
    expect(await round(b)).toEqual([undefined]);
    now += 1;
    expect(await round(b)).toEqual([2]);
    expect(a.term).toBeUndefined();
    expect(await round(a, b)).toEqual([undefined, 2]);
  });

  it("ends for a leader that cannot beat, before anybody may take it", async () => {
    await round(a, b);
    now += leaseMs * 0.75;
    expect(a.term).toBeUndefined();
    expect(() => a.fence()).toThrow(expect.objectContaining({ code: "STATE_LOCKED" }));
    expect(await round(b)).toEqual([undefined]);
  });

  it("SPEC §17.9.2 records no step of a former leader, and every lead has a greater number", async () => {
    await round(a, b);
    const fence = a.fence();
    await step(a);
    const late = { collection: "c", id: "late", expected: 0, body: 1 };
    for (let term = 2; term < 6; term++) {
      const next = term % 2 === 0 ? b : a;
      await round(next);
      now += leaseMs;
      expect(await round(next)).toEqual([term]);
      await step(next);
      await expect(records.commit([late], fence)).rejects.toMatchObject({ code: "RECORD_CONFLICT" });
    }
    expect(await records.get("c", "late")).toBeUndefined();
  });

  it("is free at once when it was laid down", async () => {
    await round(a, b);
    await a.resign();
    const [term] = await round(b, a);
    expect(term).toBeGreaterThan(1);
    await a.resign();
    expect(await round(a, b)).toEqual([undefined, term]);
  });

  it("is kept through an outage of the database that is shorter than it", async () => {
    const broken: Records = { ...records, get: () => Promise.reject(new Error("away")) } as Records;
    let use = records;
    const c = make("c", {
      get: (...words) => use.get(...words),
      list: (...words) => use.list(...words),
      commit: (...words) => use.commit(...words),
      close: async () => undefined,
    });
    await round(c, b);
    use = broken;
    now += leaseMs / 2;
    await expect(c.attend()).rejects.toThrow("away");
    expect(c.term).toBe(1);
    use = records;
    expect(await round(c, b)).toEqual([1, undefined]);
  });

  it("hears calls, however many come at once", async () => {
    const before = await a.calls();
    await Promise.all([a.callLeader(), b.callLeader(), b.callLeader()]);
    expect(await a.calls()).toBeGreaterThan(before);
  });
});
