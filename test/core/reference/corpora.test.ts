/**
 * Two implementations that share no code make the same database of every real ruleset, byte for byte. By default of the newest version of
 * each; with RULEMINT_ALL_VERSIONS=1 of all of them.
 */
import { describe, expect, it } from "vitest";
import { equalBytes } from "../../../src/core/encoding/bytes.js";
import { ruleKinds } from "../../../src/core/rules/model.js";
import { corpusDates, corpusFiles, haveCorpora } from "../../support/corpora.js";
import { firstDatabase, secondDatabase } from "./both.js";

const versions = process.env.RULEMINT_ALL_VERSIONS ? 100 : 1;
const rows = ruleKinds.flatMap((kind) =>
  corpusDates(kind)
    .slice(-versions)
    .map((date) => [kind, date] as const),
);

describe.runIf(haveCorpora)("both implementations", () => {
  it.each(rows)("SPEC §2.3.4 make the same database of %s %s", { timeout: 600_000 }, async (kind, date) => {
    const files = await corpusFiles(kind, date);
    const first = await firstDatabase(kind, files);
    const { database } = await secondDatabase(kind, files);
    expect(database.bytes.length).toBe(first.length);
    expect(equalBytes(database.bytes, first)).toBe(true);
    expect(database.rules[kind]).toBeGreaterThan(1000);
  });
});
