/**
 * Since which release a rule has been there, and since when as it is: read backwards through the databases that were published. Databases
 * that nobody kept any more end the history; then it says from where on it is known.
 */
import type { ReleaseNumber, Sha256Hex } from "../core/brands.js";
import { openDatabase } from "../core/format/database.js";
import type { RuleKind } from "../core/rules/model.js";
import type { ServiceContext } from "./context.js";
import { releaseID } from "./documents.js";
import type { ReleaseRecord } from "./model.js";

export interface RuleHistory {
  /** The first release of the unbroken row in which the feed has had a rule of this id. */
  readonly since: ReleaseNumber;
  /** The first release of the unbroken row in which the rule has been exactly this one. */
  readonly unchangedSince: ReleaseNumber;
  /** False where an older database could not be read: the rule may be older than `since`. */
  readonly complete: boolean;
}

interface Rule {
  readonly kind: RuleKind;
  readonly id: string;
  readonly record: string;
}

type HistoryContext = Pick<ServiceContext, "records" | "databases" | "digest">;
type Presence = "same" | "another" | "absent" | "unknown";

const pageReleases = 50;

export async function ruleHistory(
  context: HistoryContext,
  release: ReleaseRecord,
  rule: Rule,
): Promise<RuleHistory> {
  let history = { since: release.release, unchangedSince: release.release, complete: true };
  let same = true;
  let known: { sha256: Sha256Hex | undefined; presence: Presence } = {
    sha256: release.database?.sha256,
    presence: "same",
  };
  for await (const older of publishedBefore(context, release)) {
    const sha256 = older.database?.sha256;
    // Releases that follow one another often have the same database: a renewal, or rules of other rulesets.
    if (sha256 !== known.sha256) known = { sha256, presence: await presenceIn(context, sha256, rule) };
    if (known.presence === "unknown") return { ...history, complete: false };
    if (known.presence === "absent") return history;
    same &&= known.presence === "same";
    history = { ...history, since: older.release, ...(same && { unchangedSince: older.release }) };
  }
  return history;
}

async function* publishedBefore({ records }: HistoryContext, { feed, release }: ReleaseRecord) {
  let after = releaseID(feed, release);
  for (;;) {
    const page = { prefix: `${feed}/`, descending: true, limit: pageReleases, after };
    const found = await records.list<ReleaseRecord>("releases", page);
    for (const { id, body } of found) {
      after = id;
      if (body.state === "published") yield body;
    }
    if (found.length < pageReleases) return;
  }
}

async function presenceIn(
  { databases, digest }: HistoryContext,
  sha256: Sha256Hex | undefined,
  { kind, id, record }: Rule,
): Promise<Presence> {
  const stored = sha256 === undefined ? undefined : await databases.open(sha256);
  if (stored === undefined) return "unknown";
  try {
    let presence: Presence = "absent";
    for await (const one of (await openDatabase(stored, undefined, digest)).rulesOf(kind, id)) {
      if (one.record === record) return "same";
      presence = "another";
    }
    return presence;
  } finally {
    await stored.close();
  }
}
