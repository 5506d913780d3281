/**
 * Real Sigma rules: no false error, nothing lost in the canonical form. Without the corpora this does not
 * run.
 */
import { describe, expect, it } from "vitest";
import { parse as parseYAML } from "yaml";
import type { ParsedFile } from "../../../../src/core/rules/model.js";
import { sigmaLanguage } from "../../../../src/core/rules/sigma/language.js";
import { corpusDates, corpusFiles, haveCorpora } from "../../../support/corpora.js";
import { exported } from "./helpers.js";

/**
 * Rules of the corpora that are refused, each with its reason. There are none: every file has an id and is
 * sound.
 */
const trueErrors = new Map<string, string>();

type Rule = { id: string; detection: { condition: string } };

/** The meaning, as a reader of YAML that is not ours sees it; white space in conditions is meaningless. */
function meaning(text: string): Rule {
  const rule = parseYAML(text) as Rule;
  const condition = rule.detection.condition.replace(/[()]/g, " $& ").replace(/\s+/g, " ").trim();
  return { ...rule, id: rule.id.toLowerCase(), detection: { ...rule.detection, condition } };
}

describe.runIf(haveCorpora)("real Sigma rules", () => {
  it.each(corpusDates("sigma"))(
    "of %s parse without a false error",
    async (date) => {
      const sources = (await corpusFiles("sigma", date)).filter((file) => sigmaLanguage.accepts(file.path));
      const parsed: ParsedFile[] = sources.map((file) => sigmaLanguage.parse(file));
      const findings = parsed.flatMap((file) => file.findings);
      expect(findings.map((finding) => finding.path)).toEqual([...trueErrors.keys()]);
      const merged = sigmaLanguage.merge(parsed);
      expect(merged.findings).toEqual([]);
      expect(merged.records).toHaveLength(sources.length);
      console.log(`sigma ${date}: ${sources.length} files, ${merged.records.length} rules, no error`);
    },
    60_000,
  );

  it("of the last date give the same records from their export, and mean the same to another reader", async () => {
    const date = corpusDates("sigma").at(-1) as string;
    const sources = (await corpusFiles("sigma", date)).filter((file) => sigmaLanguage.accepts(file.path));
    const before = sources.map((file) => meaning(new TextDecoder().decode(file.bytes)));
    const parsed = sources.map((file) => sigmaLanguage.parse(file));
    const files = exported(parsed);
    const again = files.map(({ path, text }) =>
      sigmaLanguage.parse({ path, bytes: new TextEncoder().encode(text) }),
    );
    expect(sigmaLanguage.merge(again).records).toEqual(sigmaLanguage.merge(parsed).records);
    expect(sigmaLanguage.merge(again).findings).toEqual(sigmaLanguage.merge(parsed).findings);
    const after = files.map((file) => meaning(file.text));
    const byID = (a: Rule, b: Rule) => (a.id < b.id ? -1 : 1);
    expect(after.sort(byID)).toEqual(before.sort(byID));
  });
});
