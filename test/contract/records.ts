/**
 * What every `Records` adapter must do. `open` gives a store on the same data each time it is called with the
 * same key.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Records } from "../../src/ports/records.js";

export interface RecordsUnderTest {
  /** A new, empty place, and a way to open it (again). */
  place(): Promise<{ open(): Promise<Records>; remove(): Promise<void> }>;
}

export function recordsContract(name: string, subject: RecordsUnderTest): void {
  describe(`records contract: ${name}`, () => {
    let place: Awaited<ReturnType<RecordsUnderTest["place"]>>;
    let records: Records;
    beforeEach(async () => {
      place = await subject.place();
      records = await place.open();
    });
    afterEach(async () => {
      await records.close();
      await place.remove();
    });
    const put = (id: string, expected: number, body: unknown) => ({ collection: "c", id, expected, body });
    const ids = async (options?: Parameters<Records["list"]>[1]) =>
      (await records.list("c", options)).map((record) => record.id);

    it("gives undefined for what is not there", async () => {
      expect(await records.get("c", "x")).toBeUndefined();
      expect(await records.list("c")).toEqual([]);
    });

    it("counts versions from 1 and keeps any JSON", async () => {
      const body = { text: "ä\u0000\u{1f600}", list: [1, null, true], nested: { "": -0.5 } };
      await records.commit([put("x", 0, body)]);
      expect(await records.get("c", "x")).toEqual({ collection: "c", id: "x", version: 1, body });
      await records.commit([put("x", 1, "second")]);
      expect(await records.get("c", "x")).toEqual({ collection: "c", id: "x", version: 2, body: "second" });
    });

    it.each([
      ["creating what exists", [put("old", 0, 1)]],
      ["replacing what does not exist", [put("none", 1, 1)]],
      ["replacing another version", [put("old", 2, 1)]],
      ["deleting another version", [put("old", 2, null)]],
    ])("refuses %s and writes nothing of the commit", async (_, wrong) => {
      await records.commit([put("old", 0, "first")]);
      const commit = records.commit([put("before", 0, 1), ...wrong, put("after", 0, 1)]);
      await expect(commit).rejects.toMatchObject({ code: "RECORD_CONFLICT" });
      expect(await records.list("c")).toEqual([{ collection: "c", id: "old", version: 1, body: "first" }]);
    });

    it("deletes with a body of null, and the id can be used again", async () => {
      await records.commit([put("x", 0, 1)]);
      await records.commit([put("x", 1, null)]);
      expect(await records.get("c", "x")).toBeUndefined();
      await records.commit([put("x", 0, 2)]);
      expect(await records.get("c", "x")).toMatchObject({ version: 1, body: 2 });
    });

    it("lists by the bytes of the id, both ways, after an id, with a prefix and a limit", async () => {
      const sorted = ["A", "a", "a/1", "a/10", "a/2", "b", "ä", "\uffee", "\u{1f600}"];
      for (const id of [...sorted].reverse()) await records.commit([put(id, 0, id)]);
      await records.commit([{ collection: "other", id: "a/3", expected: 0, body: 1 }]);
      expect(await ids()).toEqual(sorted);
      expect(await ids({ descending: true })).toEqual([...sorted].reverse());
      expect(await ids({ after: "a/10", limit: 2 })).toEqual(["a/2", "b"]);
      expect(await ids({ after: "a/10", descending: true })).toEqual(["a/1", "a", "A"]);
      expect(await ids({ prefix: "a/" })).toEqual(["a/1", "a/10", "a/2"]);
      expect(await ids({ prefix: "a/", descending: true, limit: 1 })).toEqual(["a/2"]);
    });

    it("lists several prefixes that are asked for at once, each for itself", async () => {
      for (const id of ["a/1", "a/10", "a/2", "a", "b/1", "ä/\u{1f600}"])
        await records.commit([put(id, 0, id)]);
      await records.commit([{ collection: "other", id: "a/3", expected: 0, body: 1 }]);
      const prefixes = ["a/", "a/1", "b/", "none/", "ä/", "%", "'; drop", "a/", "a\u0000"];
      const got = await Promise.all(prefixes.map((prefix) => ids({ prefix })));
      expect(got).toEqual([
        ["a/1", "a/10", "a/2"],
        ["a/1", "a/10"],
        ["b/1"],
        [],
        ["ä/\u{1f600}"],
        [],
        [],
        ["a/1", "a/10", "a/2"],
        [],
      ]);
    });

    it("takes an id that means something to a query language as mere text", async () => {
      const id = `'; drop table record; -- % _ \\ "`;
      await records.commit([put(id, 0, 1)]);
      expect(await ids({ prefix: "'; drop" })).toEqual([id]);
      expect(await ids({ prefix: "%" })).toEqual([]);
    });

    it("has no record whose id holds U+0000, on any database", async () => {
      await records.commit([put("a", 0, 1), put("b", 0, 1)]);
      expect(await records.get("c", "a\u0000")).toBeUndefined();
      expect(await ids({ prefix: "a\u0000" })).toEqual([]);
      expect(await ids({ after: "a\u0000" })).toEqual(["b"]);
      expect(await ids({ after: "a\u0000", descending: true })).toEqual(["a"]);
      const commit = records.commit([put("a\u0000", 0, 1)]);
      await expect(commit).rejects.toMatchObject({ code: "RECORD_CONFLICT" });
    });

    it("has no record whose id holds half a surrogate pair, on any database", async () => {
      await records.commit([put("a\ufffd", 0, 1), put("a\u{1f600}", 0, 2)]);
      expect(await records.get("c", "a\ud800")).toBeUndefined();
      expect(await records.get("c", "a\u{1f600}")).toMatchObject({ body: 2 });
      const commit = records.commit([put("b\udc00", 0, 1)]);
      await expect(commit).rejects.toMatchObject({ code: "RECORD_CONFLICT" });
    });

    it("answers many reads at once, to each its own, and to the same question twice the same", async () => {
      const some = ["x", "y'\"\\", "z\u{1f600}", "[1]", ""];
      await records.commit(some.map((id) => put(id, 0, { id })));
      await records.commit([{ collection: "d", id: "x", expected: 0, body: "other" }]);
      const asked = [...some, "none", "x"];
      const got = await Promise.all([
        ...asked.map((id) => records.get<{ id: string }>("c", id)),
        records.get("d", "x"),
      ]);
      expect(got.map((record) => record?.body)).toEqual([
        ...some.map((id) => ({ id })),
        undefined,
        { id: "x" },
        "other",
      ]);
      expect(got[0]?.body).not.toBe(got[6]?.body);
      const [all, again, few] = await Promise.all([
        records.list("c"),
        records.list("c"),
        records.list("c", { limit: 1 }),
      ]);
      expect([all.length, again.length, few?.length]).toEqual([5, 5, 1]);
      expect(all[0]).not.toBe(again[0]);
    });

    it("reads what was committed before it was asked, in the same turn too", async () => {
      await records.commit([put("x", 0, 1)]);
      const before = records.get("c", "x");
      await Promise.all([before, records.commit([put("x", 1, 2)])]);
      expect(await Promise.all([records.get("c", "x"), records.get("c", "x")])).toMatchObject([
        { version: 2, body: 2 },
        { version: 2, body: 2 },
      ]);
    });

    it("commits only while a checked record is as it was read, and leaves that alone", async () => {
      await records.commit([put("guard", 0, 1)]);
      const check = { collection: "c", id: "guard" };
      await records.commit([put("x", 0, 1)], [{ ...check, version: 1 }]);
      await records.commit([put("guard", 1, 2)]);
      for (const wrong of [
        { ...check, version: 1 },
        { ...check, id: "none", version: 1 },
      ]) {
        const commit = records.commit([put("x", 1, 2), put("y", 0, 1)], [wrong]);
        await expect(commit).rejects.toMatchObject({ code: "RECORD_CONFLICT" });
      }
      expect(await ids()).toEqual(["guard", "x"]);
      expect(await records.get("c", "x")).toMatchObject({ version: 1 });
    });

    it("writes many documents at once, all or none, and makes and unmakes in one commit", async () => {
      const many = Array.from({ length: 2500 }, (_, i) => put(String(i).padStart(5, "0"), 0, i));
      await records.commit(many);
      expect(await records.list("c")).toHaveLength(2500);
      const again = records.commit([
        ...many.map((one) => ({ ...one, id: `n${one.id}` })),
        put("02400", 0, 1),
      ]);
      await expect(again).rejects.toMatchObject({ code: "RECORD_CONFLICT" });
      expect(await records.list("c")).toHaveLength(2500);
      await records.commit([put("00000", 1, null), put("00000", 0, "anew"), put("00001", 1, "b")]);
      expect(await records.get("c", "00000")).toMatchObject({ version: 1, body: "anew" });
    });

    it("does not let two commits that touch the same records the other way round wait for each other", async () => {
      await records.commit([put("a", 0, 0), put("b", 0, 0)]);
      for (let version = 1; version <= 20; version++) {
        const there = records.commit([put("a", version, "there"), put("b", version, "there")]);
        const back = records.commit([put("b", version, "back"), put("a", version, "back")]);
        const results = await Promise.allSettled([there, back]);
        expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
        const [a, b] = await records.list<string>("c");
        expect(a?.body).toBe(b?.body);
      }
    });

    it("lets exactly one of many concurrent commits win", async () => {
      const attempts = Array.from({ length: 20 }, (_, i) => records.commit([put("x", 0, i)]));
      const results = await Promise.allSettled(attempts);
      expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
      const won = results.findIndex((result) => result.status === "fulfilled");
      expect(await records.get("c", "x")).toMatchObject({ version: 1, body: won });
    });

    it("undoes what it refuses, and nothing of what is committed beside it", async () => {
      await records.commit([put("taken", 0, 1)]);
      const attempts = Array.from({ length: 30 }, (_, i) =>
        records.commit([put(`a${i}`, 0, i), put(i % 3 === 1 ? "taken" : `b${i}`, 0, i), put(`z${i}`, 0, i)]),
      );
      const results = await Promise.allSettled(attempts);
      const won = results.flatMap(({ status }, i) => (status === "fulfilled" ? [i] : []));
      expect(won).toEqual(results.flatMap((_, i) => (i % 3 === 1 ? [] : [i])));
      expect(await ids()).toEqual(["taken", ...won.flatMap((i) => [`a${i}`, `b${i}`, `z${i}`])].sort());
    });

    it("ends what was begun before it is closed", async () => {
      const commits = Array.from({ length: 5 }, (_, i) => records.commit([put(`x${i}`, 0, i)]));
      await Promise.all([...commits, records.close()]);
      records = await place.open();
      expect(await ids()).toHaveLength(5);
    });

    it("takes changes and new documents of one commit in any order", async () => {
      await records.commit([put("b", 0, 1), put("d", 0, 1)]);
      await records.commit([
        put("e", 0, 2),
        put("d", 1, null),
        put("a", 0, 2),
        put("c", 0, 2),
        put("b", 1, 2),
      ]);
      expect(await ids()).toEqual(["a", "b", "c", "e"]);
      expect(await records.get("c", "b")).toMatchObject({ version: 2, body: 2 });
    });

    it("is the same after closing and opening, and between two openings at once", async () => {
      await records.commit([put("x", 0, "kept")]);
      const second = await place.open();
      await second.commit([put("x", 1, "changed")]);
      await second.close();
      expect(await records.get("c", "x")).toMatchObject({ version: 2, body: "changed" });
      await records.close();
      records = await place.open();
      expect(await records.get("c", "x")).toMatchObject({ version: 2, body: "changed" });
    });
  });
}
