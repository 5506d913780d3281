/** The forms that an endpoint may choose for its files are tried as its engines' files are: read anew, by what their readers ask. */
import type { Database } from "../core/format/database.js";
import type { SectionReader } from "../core/format/section-reader.js";
import { sectionRecords } from "../core/format/section-records.js";
import { checkedForms, checkIndicatorForms, checkSigmaFolders } from "../core/rules/check-forms.js";
import type { ExportFacts } from "../core/rules/model.js";
import type { TrialFinding } from "../ports/release-gates.js";
import type { ReleaseRecord } from "./model.js";

/** A form is made of each record alone, so some of millions tell: evenly drawn, and so many at a time. */
const triedMax = 16_384;
const atOnce = 256;

export interface FormsTrial {
  readonly findings: readonly TrialFinding[];
  readonly fine: string;
}

/** SPEC §17.6.8. The release has rules of the kind. */
export async function tryForms(
  database: Database,
  kind: "ioc" | "sigma",
  release: ReleaseRecord,
): Promise<FormsTrial> {
  const section = database.section(kind) as SectionReader;
  const facts: ExportFacts = {
    ...{ feed: release.feed, release: release.release, createdAt: `${release.createdAt.slice(0, 19)}Z` },
    databaseSha256: release.database?.sha256 ?? "",
  };
  const check = kind === "ioc" ? checkIndicatorForms : checkSigmaFolders;
  const { records } = section.facts;
  const step = Math.ceil(records / triedMax);
  const findings: TrialFinding[] = [];
  let [at, tried] = [0, 0];
  let group: string[] = [];
  const finish = async () => {
    findings.push(...check(group, facts));
    tried += group.length;
    group = [];
    // Other requests have their turn between two groups.
    await new Promise((next) => setTimeout(next, 0));
  };
  for (const record of await sectionRecords(section)) {
    if (at++ % step === 0 || at === records) group.push(record);
    if (group.length === atOnce) await finish();
  }
  if (group.length > 0) await finish();
  const forms = kind === "ioc" ? checkedForms.join(", ") : "files by log source";
  return { findings, fine: `${tried} of ${records} rules read anew as ${forms}` };
}
