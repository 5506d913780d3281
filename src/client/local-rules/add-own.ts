/** Own files, judged before they are kept: by the linters of the publisher's compiler, beside each other and beside what is published. */
import type { Sha256Hex } from "../../core/brands.js";
import { hexText } from "../../core/encoding/bytes.js";
import { sha256 } from "../../core/encoding/sha256.js";
import { UsageError, VerificationError, quote } from "../../core/errors.js";
import { type ParsedFile, type RuleKind, ruleKinds } from "../../core/rules/model.js";
import { ruleLanguage } from "../../core/rules/registry.js";
import type { EndpointFiles } from "../../ports/endpoint-store.js";
import { ownFileName } from "./control-file.js";
import { type LocalRules, type OwnFile, localLimits } from "./model.js";
import { isError, parseOwn } from "./own-rules.js";
import { requireLocalLimits, requireOwnName } from "./parse-local-rules.js";
import type { PublishedRules } from "./published-rules.js";

export interface AddInput {
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** Own rules may take the place of published ones of the same id. */
  readonly replace?: boolean;
  readonly reason?: string;
  readonly since: string;
}

export interface Added {
  readonly rules: LocalRules;
  readonly contents: ReadonlyMap<Sha256Hex, Uint8Array>;
}

/** A file of a name that is there already takes its place. @throws VerificationError RULES_INVALID, RULE_CONFLICT; UsageError USAGE */
export async function withOwnFiles(
  now: LocalRules,
  { files, replace = false, reason, since }: AddInput,
  published: PublishedRules,
  stored: EndpointFiles,
): Promise<Added> {
  const contents = new Map<Sha256Hex, Uint8Array>();
  const fresh: OwnFile[] = [];
  for (const { name, bytes } of files) {
    const kind = kindOf(requireOwnName(name));
    if (bytes.length > localLimits.ownBytesMax) {
      throw new UsageError(
        "USAGE",
        `expected at most ${localLimits.ownBytesMax} bytes of own rules, got ${bytes.length}`,
      );
    }
    const digest = hexText(await sha256(bytes)) as Sha256Hex;
    contents.set(digest, bytes);
    const said = reason === undefined ? {} : { reason };
    fresh.push({ kind, name, sha256: digest, bytes: bytes.length, ...said, since });
  }
  const kept = now.own.filter((one) => !fresh.some((other) => isSameFile(one, other)));
  const rules = requireLocalLimits({ ...now, own: [...kept, ...fresh] });
  for (const kind of new Set(fresh.map((one) => one.kind))) {
    const parsed = fresh.filter((one) => one.kind === kind).map((one) => requireSound(one, contents));
    const others: ParsedFile[] = [];
    for (const one of kept.filter((file) => file.kind === kind)) {
      const bytes = await stored.read(ownFileName(one.sha256));
      if (bytes !== undefined) others.push(parseOwn(one, bytes));
    }
    requireAgreement(kind, [...others, ...parsed]);
    if (!replace && kind !== "ioc") await requireNewIDs(kind, parsed, published);
  }
  return { rules, contents };
}

const isSameFile = (one: OwnFile, other: OwnFile): boolean =>
  one.kind === other.kind && one.name.toLowerCase() === other.name.toLowerCase();

/** By the name's ending. @throws UsageError USAGE */
function kindOf(name: string): RuleKind {
  const kind = ruleKinds.find((one) => ruleLanguage(one).accepts(name));
  if (kind !== undefined) return kind;
  const endings = ".yar, .rules, .yml, .txt (indicators), or one of ClamAV's such as .ndb";
  throw new UsageError("USAGE", `expected a file of rules (${endings}), got ${quote(name)}`);
}

function requireSound(one: OwnFile, contents: ReadonlyMap<Sha256Hex, Uint8Array>): ParsedFile {
  const parsed = parseOwn(one, contents.get(one.sha256) as Uint8Array);
  const findings = parsed.findings.filter(isError);
  if (findings.length > 0) {
    const got = findings.length === 1 ? "an error" : `${findings.length} errors`;
    const message = `expected sound rules in ${quote(one.name)}, got ${got}: nothing was changed`;
    const hint = "mend the findings, and add the file again";
    throw new VerificationError("RULES_INVALID", message, { details: { findings, hint } });
  }
  if (parsed.records.length > 0) return parsed;
  throw new VerificationError("RULES_INVALID", `expected rules in ${quote(one.name)}, got none`);
}

/** Among themselves an id means one rule. */
function requireAgreement(kind: RuleKind, files: readonly ParsedFile[]): void {
  const findings = ruleLanguage(kind).merge(files).findings.filter(isError);
  if (findings.length === 0) return;
  const message = "expected own rules of different ids, got clashes: nothing was changed";
  const hint = "give each rule an id of its own, or remove the file that has it already";
  throw new VerificationError("RULE_CONFLICT", message, { details: { findings, hint } });
}

async function requireNewIDs(
  kind: RuleKind,
  files: readonly ParsedFile[],
  published: PublishedRules,
): Promise<void> {
  const ids = await published.takenBy(
    kind,
    files.flatMap((file) => [...file.records]),
  );
  if (ids.length === 0) return;
  const some = ids.slice(0, 5).join(", ");
  const hint = "give them ids of your own, or let yours take the place of the published ones (--replace)";
  throw new VerificationError(
    "RULE_CONFLICT",
    `expected ids that no published rule has, got ${some}${ids.length > 5 ? " and more" : ""}`,
    { details: { hint, kind, ids } },
  );
}
