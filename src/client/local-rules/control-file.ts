/**
 * `local-rules.json`, and `local-rules.copy.json` that is written after it: what the owner chose cannot be learned again from anybody. Own
 * files stand beside them, each under its digest, and are written before they are named. Updates, repairs and rollbacks write none of it.
 */
import type { Sha256Hex } from "../../core/brands.js";
import { hexText, utf8Bytes } from "../../core/encoding/bytes.js";
import { sha256 } from "../../core/encoding/sha256.js";
import { type ErrorCode, UsageError } from "../../core/errors.js";
import type { EndpointFiles } from "../../ports/endpoint-store.js";
import { openSealed, seal } from "../sealed-json.js";
import { type LocalRules, noLocalRules } from "./model.js";
import { parseLocalRules } from "./parse-local-rules.js";

const fileName = "local-rules.json";
const copyName = "local-rules.copy.json";

export const ownFileName = (digest: Sha256Hex): string => `own-${digest}`;

export interface StoredLocalRules {
  readonly rules: LocalRules;
  /** `copy`: the file was damaged, and its copy is in force; `lost`: both are, and nothing local is in force. */
  readonly damage: "copy" | "lost" | null;
}

/** SPEC §16.8.2: what stands in the files never fails an update. @throws OperationError STORE_FAILED */
export async function readLocalRules(files: EndpointFiles): Promise<StoredLocalRules> {
  const first = await readOne(files, fileName);
  if (typeof first === "object") return { rules: first, damage: null };
  const second = await readOne(files, copyName);
  if (typeof second === "object") return { rules: second, damage: "copy" };
  const isNone = first === "none" && second === "none";
  return { rules: noLocalRules, damage: isNone ? null : "lost" };
}

async function readOne(files: EndpointFiles, name: string): Promise<LocalRules | "none" | "damaged"> {
  const bytes = await files.read(name);
  if (bytes === undefined) return "none";
  const value = await openSealed(bytes);
  try {
    return value === undefined ? "damaged" : parseLocalRules(value);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return "damaged";
  }
}

/** Durable when it returns; a crash on the way leaves the old rules in force or the new ones. */
export async function writeLocalRules(files: EndpointFiles, rules: LocalRules): Promise<void> {
  const bytes = await seal({ schema: 1, ...rules });
  await files.write(fileName, bytes);
  await files.write(copyName, bytes);
}

/** The file as its copy has it. */
export async function repairLocalRules(files: EndpointFiles): Promise<void> {
  const { rules, damage } = await readLocalRules(files);
  if (damage === "copy") await writeLocalRules(files, rules);
}

/** Takes away what no rules name any more. */
export async function forgetOwnFiles(files: EndpointFiles, was: LocalRules, now: LocalRules): Promise<void> {
  const named = new Set(now.own.map(({ sha256: digest }) => digest));
  for (const { sha256: digest } of was.own) {
    if (!named.has(digest)) await files.remove(ownFileName(digest));
  }
}

/** Names what the rules do, and not why or since when; null where they do nothing. */
export async function localID({ choices, own }: LocalRules): Promise<Sha256Hex | null> {
  if (choices.length + own.length === 0) return null;
  const said = choices.map(({ verb, kind, by, what }) => [verb, kind, by, what]);
  const files = own.map(({ kind, name, sha256: digest }) => [kind, name, digest]);
  return hexText(await sha256(utf8Bytes(JSON.stringify([said, files])))) as Sha256Hex;
}

export const damageCode: ErrorCode = "LOCAL_RULES_CORRUPT";
