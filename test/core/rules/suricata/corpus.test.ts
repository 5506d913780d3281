/** Four dated versions of open network rules. They hold no error. */
import { describe, expect, it } from "vitest";
import { suricataLanguage } from "../../../../src/core/rules/suricata/language.js";
import { corpusDates, corpusFiles, haveCorpora } from "../../../support/corpora.js";
import { parseExport } from "../../../support/line-languages.js";

const counts = new Map([
  ["2024-03-29", 15_557],
  ["2024-04-27", 15_510],
  ["2024-04-28", 15_474],
  ["2024-04-29", 15_464],
]);

describe.runIf(haveCorpora)("the suricata corpus", () => {
  it.each(corpusDates("suricata"))(
    "of %s parses without a finding and survives a round trip",
    async (date) => {
      const files = (await corpusFiles("suricata", date)).filter(({ path }) =>
        suricataLanguage.accepts(path),
      );
      const parsed = files.map((file) => suricataLanguage.parse(file));
      expect(parsed.flatMap((file) => file.findings)).toEqual([]);
      const { records, findings } = suricataLanguage.merge(parsed);
      console.log(`suricata ${date}: ${files.length} files, ${records.length} rules`);
      expect(findings).toEqual([]);
      expect(records.length).toBe(counts.get(date));

      const back = parseExport(suricataLanguage, records);
      expect(back.flatMap((file) => file.findings)).toEqual([]);
      expect(suricataLanguage.merge(back).records).toEqual(records);
    },
  );
});
