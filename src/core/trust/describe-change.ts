/**
 * SPEC §5.6.4: what a new root or targets file changes, in lines that a keyholder reads before signing. Whatever differs is named: members
 * that this page does not know are shown as they are, so nothing can be slipped in beside a change that looks harmless.
 */
import { hexText, utf8Bytes } from "../encoding/bytes.js";
import { encodeCanonicalJSON } from "../encoding/canonical-json.js";
import { type JSONObject, type JSONValue, isJSONObject } from "../encoding/json.js";
import { sha256Digest } from "../encoding/sha256.js";
import { keyNames } from "./key-names.js";

/** Both are the `signed` parts. Empty when nothing differs. */
export function describeChange(before: JSONObject, after: JSONObject): string[] {
  // A key that was known keeps its name here: whoever calls another key by it is not believed.
  const names = { ...keyNames(after), ...keyNames(before) };
  const lines: string[] = [];
  compare(lines, named(flat(before), names), named(flat(after), names));
  return lines;
}

interface Leaf {
  readonly value: JSONValue;
  /** An entry of a list: it is there or it is not. */
  readonly entry: boolean;
}

type Leaves = ReadonlyMap<string, string>;

/** Lists of key ids, anchors and roles become sets of lines; the table of keys itself follows from the roles. */
function flat(signed: JSONObject): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  const visit = (path: string, value: JSONValue): void => {
    const keyTable = path === "keys" || path === "delegations.keys";
    if (keyTable && isJSONObject(value)) {
      // A key object is the preimage of its id, which readers check: the id says it all.
      for (const id of Object.keys(value)) leaves.set(`${path}.${part(id)}`, { value: null, entry: true });
    } else if (Array.isArray(value) && value.length > 0) visitList(path, value);
    else if (isJSONObject(value) && Object.keys(value).length > 0) {
      for (const [name, member] of Object.entries(value)) {
        visit(path === "" ? part(name) : `${path}.${part(name)}`, member);
      }
    } else leaves.set(path, { value, entry: false });
  };
  const visitList = (path: string, list: readonly JSONValue[]): void => {
    const named = list.filter(isJSONObject).map(({ name }) => name);
    if (named.length === list.length && named.every((name) => typeof name === "string")) {
      // Who is asked first is a matter of order.
      leaves.set(`${path} in order`, { value: named, entry: false });
      for (const [i, one] of list.entries()) visit(`${path} ${part(named[i] as string)}`, one);
    } else for (const one of list) leaves.set(`${path}: ${leafText(one)}`, { value: one, entry: true });
  };
  visit("", signed);
  return leaves;
}

/** Names that could be read as something else stand in quotes. */
const part = (name: string): string => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name));

function named(leaves: Map<string, Leaf>, names: Readonly<Record<string, string>>): Leaves {
  const result = new Map<string, string>();
  for (const [path, { value, entry }] of leaves) {
    const isName = path.startsWith("x-rulemint.names.");
    const spoken = path.replace(/[0-9a-f]{64}/g, (id) =>
      names[id] === undefined || isName ? id : `${part(names[id])} (${id})`,
    );
    result.set(spoken, entry ? "" : leafText(value));
  }
  return result;
}

function leafText(value: JSONValue): string {
  if (typeof value !== "string") return JSON.stringify(value);
  // What cannot be taken for a number, a word of JSON or a digest of ours stands as it is.
  if (/^(?!(true|false|null)$)([A-Za-z][\w .:/*+-]*|[0-9a-f]{64}|\d{4}-[\w:-]*)$/.test(value)) return value;
  // Certificates are told apart by their digest; nobody reads base64.
  if (value.length <= 100) return JSON.stringify(value);
  const digest = sha256Digest();
  digest.update(utf8Bytes(value));
  return `text of ${value.length} characters, SHA-256 ${hexText(digest.finish())}`;
}

function compare(lines: string[], before: Leaves, after: Leaves): void {
  for (const [path, value] of before) {
    const next = after.get(path);
    if (next === undefined) lines.push(`- ${path}${value === "" ? "" : ` ${value}`}`);
    else if (next !== value) lines.push(`~ ${path}: ${value} -> ${next}`);
  }
  for (const [path, value] of after) {
    if (!before.has(path)) lines.push(`+ ${path}${value === "" ? "" : ` ${value}`}`);
  }
}

/** SHA-256 of what is signed: the number that keyholders read to each other. */
export function payloadSha256(signed: JSONObject): string {
  const digest = sha256Digest();
  digest.update(encodeCanonicalJSON(signed));
  return hexText(digest.finish());
}
