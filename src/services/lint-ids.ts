/**
 * Ids beyond one ruleset: a name that another ruleset has already, and names that are for trials. Each submission keeps the ids of its rules,
 * so that the heads of other rulesets need not be parsed again.
 */
import { type Sha256Hex, sha256Hex } from "../core/brands.js";
import { hexText, utf8Bytes, utf8Text } from "../core/encoding/bytes.js";
import { VerificationError } from "../core/errors.js";
import type { Finding, ParsedFile, RuleKind } from "../core/rules/model.js";
import { ruleLanguage } from "../core/rules/registry.js";
import type { ServiceContext } from "./context.js";
import type { RecordWrite } from "../ports/records.js";
import type { RulesetRecord, SubmissionRecord } from "./model.js";
import { readObject } from "./source-batches.js";

/** Two of one id cannot be in one release; of the others, each file is a name space of its own. */
const conflicting: ReadonlySet<RuleKind> = new Set(["sigma", "suricata"]);
/** SPEC §17.5.2. `Win.Test.Sample-1`: what people call signatures that must never leave the desk. */
const testName = /\.test\./i;

type IDContext = Pick<ServiceContext, "records" | "objects" | "digest">;
/** Id to a mark of the rule: the same rule in two rulesets is one rule. */
type IDs = ReadonlyMap<string, string>;

/** Whether one release cannot hold two rules of one id. */
export function isConflicting(kind: RuleKind): boolean {
  return conflicting.has(kind);
}

/** Of all rules in the files; nothing of indicators. */
export function readRuleIDs(
  context: Pick<IDContext, "digest">,
  kind: RuleKind,
  files: readonly ParsedFile[],
): IDs {
  const { ruleID } = ruleLanguage(kind);
  const ids = new Map<string, string>();
  for (const { records } of kind === "ioc" ? [] : files) {
    for (const record of records) {
      const id = ruleID(record);
      if (id !== undefined) ids.set(id, markOf(context, record, ids.get(id)));
    }
  }
  return ids;
}

/** `own`: those of the files. */
export async function lintIDs(
  context: IDContext,
  { ruleset, kind }: { readonly ruleset: string; readonly kind: RuleKind },
  parsed: readonly ParsedFile[],
  own: IDs,
): Promise<readonly Finding[]> {
  if (kind === "ioc") return [];
  const { ruleID } = ruleLanguage(kind);
  const others = await otherIDs(context, ruleset, kind);
  const findings: Finding[] = [];
  for (const { path, records, lines } of parsed) {
    for (const [i, record] of records.entries()) {
      const id = ruleID(record);
      if (id === undefined) continue;
      const place = { path, line: lines[i] as number, column: 1 };
      if (testName.test(id)) {
        const message = `expected no name of a trial in a release, got ${JSON.stringify(id)}`;
        findings.push({ ...place, severity: "error", code: "RULE_TEST_NAME", message });
      }
      const taken = others.find((other) => other.ids.has(id));
      if (taken === undefined || taken.ids.get(id) === own.get(id)) continue;
      const severity = conflicting.has(kind) ? "error" : "warning";
      const message = `ruleset ${taken.ruleset} has a rule of this id: ${JSON.stringify(id)}`;
      findings.push({ ...place, severity, code: "RULE_ID_TAKEN", message });
    }
  }
  return findings;
}

/** The object with the ids of the rules that are to be compiled; null for indicators, which are what they say. */
export async function keepIDs(
  context: Pick<IDContext, "objects">,
  kind: RuleKind,
  compiled: IDs,
): Promise<Sha256Hex | null> {
  if (kind === "ioc") return null;
  const text = [...compiled].map(([id, mark]) => JSON.stringify([id, mark])).sort();
  const { sha256 } = await context.objects.put([utf8Bytes(text.join("\n"))]);
  return sha256Hex(sha256);
}

/**
 * SPEC §17.5.2: what two rulesets proposed at the same time, each when the other had not got it. The write lets no two heads of the kind change
 * unseen by each other.
 * @throws VerificationError RULE_CONFLICT
 */
export async function requireFreeIDs(
  context: Pick<IDContext, "records" | "objects">,
  { ruleset, kind, idsSha256 }: Pick<SubmissionRecord, "ruleset" | "kind" | "idsSha256">,
): Promise<readonly RecordWrite[]> {
  if (!conflicting.has(kind) || !idsSha256) return [];
  const guard = await context.records.get("ruleset-ids", kind);
  const own = await readIDs(context.objects, idsSha256);
  for (const other of await otherIDs(context, ruleset, kind)) {
    for (const [id, mark] of own) {
      if (!other.ids.has(id) || other.ids.get(id) === mark) continue;
      const got = `${JSON.stringify(id)}, which ruleset ${other.ruleset} has by now`;
      throw new VerificationError("RULE_CONFLICT", `expected ids that no other ruleset has, got ${got}`);
    }
  }
  return [{ collection: "ruleset-ids", id: kind, expected: guard?.version ?? 0, body: { by: ruleset } }];
}

/** Several rules of one id have one mark together. */
function markOf({ digest }: Pick<IDContext, "digest">, record: string, before: string | undefined): string {
  const running = digest();
  running.update(utf8Bytes(`${before ?? ""}${record}`));
  return hexText(running.finish().subarray(0, 8));
}

async function otherIDs(
  { records, objects }: Pick<IDContext, "records" | "objects">,
  ruleset: string,
  kind: RuleKind,
): Promise<{ readonly ruleset: string; readonly ids: IDs }[]> {
  const found: { ruleset: string; ids: IDs }[] = [];
  for (const { body } of await records.list<RulesetRecord>("rulesets")) {
    if (body.name === ruleset || body.kind !== kind || body.head === null) continue;
    const head = await records.get<SubmissionRecord>("submissions", body.head);
    const digest = head?.body.idsSha256;
    if (digest) found.push({ ruleset: body.name, ids: await readIDs(objects, digest) });
  }
  return found;
}

/** The heads of the day, by digest: they are asked for with every submission. */
const remembered = new Map<string, IDs>();
const rememberedMax = 64;

async function readIDs(objects: IDContext["objects"], digest: Sha256Hex): Promise<IDs> {
  const known = remembered.get(digest);
  if (known !== undefined) return known;
  const text = utf8Text(await readObject(objects, digest));
  const lines = text === "" ? [] : text.split("\n");
  const ids = new Map(lines.map((line) => JSON.parse(line) as [string, string]));
  remembered.set(digest, ids);
  for (const oldest of remembered.keys()) if (remembered.size > rememberedMax) remembered.delete(oldest);
  return ids;
}
