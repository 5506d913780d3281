/** The forms that an endpoint may choose for its files are tried as its engines' files are: read anew, by what their readers ask. */
import type { Database } from "../core/format/database.js";
import type { SectionReader } from "../core/format/section-reader.js";
import { checkedForms, checkIndicatorForms, checkSigmaFolders } from "../core/rules/check-forms.js";
import type { ExportFacts } from "../core/rules/model.js";
import type { TrialFinding } from "../ports/release-gates.js";
import type { ReleaseRecord } from "./model.js";

/** A form is made of each record alone, so some of millions tell: evenly drawn, from so many blocks that are as evenly drawn. */
const triedMax = 2048;
const blocksMax = 64;

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
  const findings: TrialFinding[] = [];
  let tried = 0;
  const blocks = evenly([...section.blocks.keys()], blocksMax);
  for (const block of blocks) {
    const some = evenly(await section.block(block), Math.floor(triedMax / blocks.length));
    findings.push(...check(some, facts));
    tried += some.length;
    // Other requests have their turn between two blocks.
    await new Promise((next) => setTimeout(next, 0));
  }
  const forms = kind === "ioc" ? checkedForms.join(", ") : "files by log source";
  return { findings, fine: `${tried} of ${section.facts.records} rules read anew as ${forms}` };
}

/** At most `most` of them, the last one too. */
function evenly<T>(all: readonly T[], most: number): T[] {
  const step = Math.ceil(all.length / most);
  return all.filter((_, i) => (all.length - 1 - i) % step === 0);
}
