/** The owner's own rules as records: files of their own, and the files that they vouch for, read with the languages of the publisher's compiler. */
import { equalBytes, hexBytes, utf8Bytes } from "../../core/encoding/bytes.js";
import { sha256 } from "../../core/encoding/sha256.js";
import type { Finding, ParsedFile, RuleKind } from "../../core/rules/model.js";
import { ruleLanguage } from "../../core/rules/registry.js";
import type { EndpointFiles } from "../../ports/endpoint-store.js";
import { hashOf } from "./allowed-indicators.js";
import { ownFileName } from "./control-file.js";
import type { LocalConflict, OwnFile, RuleChoice } from "./model.js";

export interface OwnRules {
  /** In the order of the kind. */
  readonly records: readonly string[];
  readonly rules: number;
  readonly conflicts: readonly LocalConflict[];
}

/** A file that is damaged, or that this version refuses, is left out and told. @throws OperationError STORE_FAILED */
export async function readOwnRules(
  files: EndpointFiles,
  own: readonly OwnFile[],
  kind: RuleKind,
): Promise<OwnRules> {
  const parsed: ParsedFile[] = [];
  const conflicts: LocalConflict[] = [];
  for (const one of own.filter((file) => file.kind === kind)) {
    const bytes = await files.read(ownFileName(one.sha256));
    const isWhole = bytes !== undefined && equalBytes(await sha256(bytes), hexBytes(one.sha256));
    const file = isWhole ? parseOwn(one, bytes) : undefined;
    const error = file?.findings.find(({ severity }) => severity === "error");
    if (file !== undefined && error === undefined) parsed.push(file);
    else {
      const type = error === undefined ? "own-damaged" : "own-refused";
      const message = error?.message ?? "the file is damaged or gone: add it again";
      conflicts.push({ type, kind, what: one.name, message });
    }
  }
  const language = ruleLanguage(kind);
  const { records, findings } = language.merge(parsed);
  for (const { message, path } of findings.filter(isError))
    conflicts.push({ type: "own-refused", kind, what: path, message });
  const rules = records.filter((record) => language.ruleID(record) !== undefined).length;
  return { records, rules, conflicts };
}

/** Its findings tell whether it may be used. */
export function parseOwn({ kind, name }: Pick<OwnFile, "kind" | "name">, bytes: Uint8Array): ParsedFile {
  return ruleLanguage(kind).parse({ path: `own/${name}`, bytes });
}

export const isError = ({ severity }: Finding): boolean => severity === "error";

/** SPEC §16.8.5: files that the owner vouches for, in ClamAV's own way: whatever signature matches them, they are not reported. */
export function allowedFiles(choices: readonly RuleChoice[]): string[] {
  const hashes = choices.flatMap(({ verb, by, what }) => {
    const hash = verb === "allow" && by === "id" ? hashOf(what) : undefined;
    return hash === undefined || hash.length > 64 ? [] : [hash];
  });
  const language = ruleLanguage("clamav");
  return ["fp", "sfp"].flatMap((extension) => {
    const own = hashes.filter((hash) => (hash.length === 32) === (extension === "fp"));
    const lines = own.map((hash) => `${hash}:*:Local.Allowed:73\n`).join("");
    return [...language.parse({ path: `own/allowed.${extension}`, bytes: utf8Bytes(lines) }).records];
  });
}
