/** The second implementation's five languages. */
import { referenceClamAV } from "./clamav.js";
import { referenceIOC } from "./ioc.js";
import { referenceSigma } from "./sigma.js";
import { referenceSuricata } from "./suricata.js";
import { referenceYARA } from "./yara.js";
import type { ReferenceKind, ReferenceLanguage } from "./model.js";

export const referenceLanguages: Readonly<Record<ReferenceKind, ReferenceLanguage>> = {
  clamav: referenceClamAV,
  ioc: referenceIOC,
  sigma: referenceSigma,
  suricata: referenceSuricata,
  yara: referenceYARA,
};
