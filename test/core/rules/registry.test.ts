import { describe, expect, it } from "vitest";
import { ruleKinds } from "../../../src/core/rules/model.js";
import { ruleLanguage } from "../../../src/core/rules/registry.js";

describe("the rule languages", () => {
  it.each(ruleKinds)("%s answers to its own name", (kind) => {
    expect(ruleLanguage(kind).kind).toBe(kind);
    expect(ruleLanguage(kind).order).toBe(kind === "yara" ? "sequence" : "sorted");
  });

  it("share no file name, but for what nobody takes", () => {
    const names = ["a.yar", "a.yml", "a.rules", "a.ndb", "a.txt", "LICENSE", "a.py"];
    const takers = names.map((name) => ruleKinds.filter((kind) => ruleLanguage(kind).accepts(name)));
    expect(takers).toEqual([["yara"], ["sigma"], ["suricata"], ["clamav"], ["ioc"], [], []]);
  });
});
