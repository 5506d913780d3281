import { describe, expect, it } from "vitest";
import { type RecordRow, SharedReads } from "../../../src/adapters/records/shared-reads.js";

/** A store that notes what it is asked. */
function storeOf(rows: Readonly<Record<string, readonly RecordRow[]>>) {
  const asked: [collection: string, ids: readonly string[]][] = [];
  const rowsOf = (collection: string, keys: readonly string[]) => {
    asked.push([collection, keys]);
    return rows[collection] ?? [];
  };
  const reads = new SharedReads({
    byID: async (collection, ids) =>
      new Map(
        rowsOf(collection, ids)
          .filter(({ id }) => ids.includes(id))
          .map((row) => [row.id, row]),
      ),
    byPrefix: async (collection, prefixes) => {
      const all = rowsOf(collection, prefixes);
      return new Map(prefixes.map((prefix) => [prefix, all.filter(({ id }) => id.startsWith(prefix))]));
    },
  });
  return { asked, reads };
}

const row = (id: string, version = 1): RecordRow => ({ id, version, body: JSON.stringify({ id }) });

describe("reads of one turn of the event loop", () => {
  it("are one statement a collection, whoever asks, and however often for the same record", async () => {
    const { asked, reads } = storeOf({ tokens: [row("a"), row("b")], rulesets: [row("r")] });
    const got = await Promise.all([
      reads.get("tokens", "a"),
      reads.get("rulesets", "r"),
      reads.get("tokens", "none"),
      reads.get("tokens", "b"),
      reads.get("tokens", "a"),
    ]);
    expect(got).toEqual([row("a"), row("r"), undefined, row("b"), row("a")]);
    expect(asked).toEqual([
      ["tokens", ["a", "none", "b"]],
      ["rulesets", ["r"]],
    ]);
  });

  it("are asked for when the turn is over: what was written before is seen", async () => {
    const rows: Record<string, RecordRow[]> = { tokens: [] };
    const { asked, reads } = storeOf(rows);
    const first = reads.get("tokens", "a");
    const list = reads.list("tokens", async () => rows.tokens as RecordRow[]);
    await Promise.resolve();
    expect(asked).toEqual([]);
    rows.tokens = [row("a")];
    expect(await reads.get("tokens", "a")).toEqual(row("a"));
    expect(await first).toEqual(row("a"));
    expect(await list).toEqual([row("a")]);
    expect(asked).toHaveLength(1);
  });

  it("of another turn ask again", async () => {
    const rows = { tokens: [row("a")] };
    const { asked, reads } = storeOf(rows);
    await reads.get("tokens", "a");
    rows.tokens = [row("a", 2)];
    expect(await reads.get("tokens", "a")).toEqual(row("a", 2));
    expect(asked).toHaveLength(2);
  });

  it("share a list that is the same, and no other", async () => {
    const { reads } = storeOf({});
    const keys: string[] = [];
    const list = (key: string) =>
      reads.list(key, async () => {
        keys.push(key);
        return [row(key)];
      });
    expect(await Promise.all([list("all"), list("some"), list("all")])).toEqual([
      [row("all")],
      [row("some")],
      [row("all")],
    ]);
    expect(keys).toEqual(["all", "some"]);
  });

  it("list the prefixes of a collection together, beside its single records", async () => {
    const { asked, reads } = storeOf({ quarantine: [row("a/1"), row("a/2"), row("b/1")] });
    const got = await Promise.all([
      reads.withPrefix("quarantine", "a/"),
      reads.withPrefix("quarantine", "none/"),
      reads.get("quarantine", "b/1"),
      reads.withPrefix("quarantine", "a/"),
    ]);
    expect(got).toEqual([[row("a/1"), row("a/2")], [], row("b/1"), [row("a/1"), row("a/2")]]);
    expect(asked).toEqual([
      ["quarantine", ["a/", "none/"]],
      ["quarantine", ["b/1"]],
    ]);
  });

  it("fail together, and the next turn's do not", async () => {
    let broken = true;
    const reads = new SharedReads({
      byID: async () => {
        if (broken) throw new Error("away");
        return new Map([["a", row("a")]]);
      },
      byPrefix: async () => new Map(),
    });
    const both = await Promise.allSettled([reads.get("tokens", "a"), reads.get("tokens", "b")]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    broken = false;
    expect(await reads.get("tokens", "a")).toEqual(row("a"));
  });
});
