/** The five rule languages by kind. */
import { clamavLanguage } from "./clamav/language.js";
import { iocLanguage } from "./ioc/language.js";
import type { RuleKind, RuleLanguage } from "./model.js";
import { sigmaLanguage } from "./sigma/language.js";
import { suricataLanguage } from "./suricata/language.js";
import { yaraLanguage } from "./yara/language.js";

const languages: Readonly<Record<RuleKind, RuleLanguage>> = {
  clamav: clamavLanguage,
  ioc: iocLanguage,
  sigma: sigmaLanguage,
  suricata: suricataLanguage,
  yara: yaraLanguage,
};

export function ruleLanguage(kind: RuleKind): RuleLanguage {
  return languages[kind];
}
