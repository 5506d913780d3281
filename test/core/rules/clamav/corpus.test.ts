/** Two dated versions of the official databases, as published. The engine loads every line; three lines are odd all the same. */
import { describe, expect, it } from "vitest";
import { clamavLanguage } from "../../../../src/core/rules/clamav/language.js";
import { corpusDates, corpusFiles, haveCorpora } from "../../../support/corpora.js";
import { errorsOf, parseExport, told } from "../../../support/line-languages.js";

/** In both versions, in main.ldb. */
const oddities = [
  // Win.Trojan.DownloadGuide-6335034-0: "(8==9)" where "=" is the sign
  "655:69 CLAMAV_EXPRESSION?",
  // Unix.Trojan.Elknot-2: "0=2,&1&2", a comma with nothing behind it
  "19477:49 CLAMAV_EXPRESSION?",
  // Vbs.Dropper.Agent-6452392-0: "::i" in the middle of a pattern, so that the engine drops what stands between
  "21292:240 CLAMAV_MODIFIER?",
];

const counts = new Map([
  ["2024-12-05", 268_677],
  ["2024-12-15", 268_696],
]);

describe.runIf(haveCorpora)("the clamav corpus", () => {
  it.each(corpusDates("clamav"))(
    "of %s parses without a false error and survives a round trip",
    async (date) => {
      const files = (await corpusFiles("clamav", date)).filter(({ path }) => clamavLanguage.accepts(path));
      const parsed = files.map((file) => clamavLanguage.parse(file));
      const { records, findings } = clamavLanguage.merge(parsed);
      console.log(`clamav ${date}: ${files.length} files, ${records.length} signatures`);
      expect(findings).toEqual([]);
      expect(records.length).toBe(counts.get(date));
      expect(errorsOf(parsed)).toEqual([]);
      for (const file of parsed)
        expect(told(file.findings)).toEqual(file.path === "clamav/main.ldb" ? oddities : []);

      const back = parseExport(clamavLanguage, records);
      expect(errorsOf(back)).toEqual([]);
      const again = clamavLanguage.merge(back).records;
      expect(again.length).toBe(records.length);
      expect(again.findIndex((record, i) => record !== records[i])).toBe(-1);
    },
  );
});
