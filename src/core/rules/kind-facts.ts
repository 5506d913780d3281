/** What a database needs to know of a kind, without what reads its sources: whoever reads or patches a database parses no rule. */
import { byteString, hexBytes, utf8Bytes } from "../encoding/bytes.js";
import { fileTypes } from "./clamav/file-types.js";
import { IndicatorReader } from "./ioc/indicator.js";
import { indicatorText } from "./ioc/indicator-text.js";
import type { KindFacts, RuleKind } from "./model.js";
import { idBytes, idOf as sigmaID } from "./sigma/record.js";
import { byteStringText } from "./source-lines.js";
import { idOf as suricataID, recordKey } from "./suricata/record.js";
import { ruleMark } from "./yara/marks.js";

const yaraName = /^(?:global )?(?:private )?rule ([A-Za-z_][A-Za-z0-9_]*)/;

const facts: Readonly<Record<RuleKind, KindFacts>> = {
  clamav: {
    order: "sorted",
    onlyRules: true,
    ruleID: (record) => record.slice(1, record.indexOf("\0", 1)),
    idPrefixes: (id) => (id === "" ? [] : fileTypes.map((type) => `${type.mark}${id}\0`)),
  },
  ioc: {
    order: "sorted",
    onlyRules: true,
    ruleID: (record) => readable(indicatorText(record)),
    idPrefixes(id) {
      const record = new IndicatorReader().read(byteString(utf8Bytes(id.trim())));
      return record === undefined ? [] : [record];
    },
  },
  sigma: {
    order: "sorted",
    ruleID: (record) => (record.length > idBytes ? sigmaID(record) : undefined),
    idPrefixes(id) {
      const digits = id.toLowerCase();
      if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(digits)) return [];
      return [byteString(hexBytes(digits.replaceAll("-", "")))];
    },
  },
  suricata: {
    order: "sorted",
    ruleID: suricataID,
    idPrefixes(id) {
      const found = /^(?:(\d{1,10}):)?(\d{1,10})$/.exec(id.trim());
      if (found === null) return [];
      const gid = Number(found[1] ?? 1);
      const sid = Number(found[2]);
      return gid > 0xffff_ffff || sid > 0xffff_ffff ? [] : [recordKey(gid, sid)];
    },
  },
  yara: {
    order: "sequence",
    ruleID: (record) => (record.startsWith(ruleMark) ? yaraName.exec(record.slice(1, 400))?.[1] : undefined),
    idPrefixes: () => [],
  },
};

export function kindFacts(kind: RuleKind): KindFacts {
  return facts[kind];
}

/** Records hold UTF-8; people read characters. */
function readable(text: string): string {
  return /[\x80-\xff]/.test(text) ? byteStringText(text) : text;
}
