/** A command waits for what it needs: a machine that asks for its status every minute does not parse what signs releases. */
import { describe, expect, it } from "vitest";
import { filesBelow, loadedWith } from "./source-tree.js";

/** Of the service, or of those who read rules. */
const packages = [
  "yaml",
  "zod",
  "pkijs",
  "asn1js",
  "@peculiar/webcrypto",
  "express",
  "kysely",
  "better-sqlite3",
  "pg",
];
const programs: readonly (readonly [string, readonly string[]])[] = [
  ["src/main/cli.ts", [...packages, "undici"]],
  ["src/main/compose-status.ts", [...packages, "undici", "src/client/updater.ts"]],
  ["src/main/compose-lookup.ts", [...packages, "undici", "src/client/updater.ts"]],
  ["src/main/compose-endpoint.ts", packages],
  ["src/main/compose-reports.ts", packages],
];

describe("what the endpoint's commands load", () => {
  it.each(programs)("%s is without the service's packages, and without readers of rules", (entry, absent) => {
    const loaded = loadedWith(entry);
    expect(loaded.size).toBeGreaterThan(10);
    expect(absent.filter((one) => loaded.has(one))).toEqual([]);
    const others = [...loaded].filter((one) => /^src\/(services|issuing|http|assay|audit)\//.test(one));
    // Arithmetic of its own, of `rulemint plan`.
    expect(others.filter((one) => one !== "src/services/plan-delivery.ts")).toEqual([]);
    expect(loaded).not.toContain("src/core/rules/registry.ts");
  });

  it("a noun is loaded when it is asked for", () => {
    const loaded = loadedWith("src/main/cli.ts");
    expect(filesBelow("src/cli/nouns").filter((one) => loaded.has(one))).toEqual([]);
  });

  it("the whole program would have them all", () => {
    expect(loadedWith("src/main/serve.ts")).toContain("express");
    expect(loadedWith("src/core/rules/registry.ts")).toContain("yaml");
  });
});
