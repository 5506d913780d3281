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
  const names = { ...keyNames(before), ...keyNames(after) };
  const lines: string[] = [];
  compare(lines, named(flat(before), names), named(flat(after), names));
  return lines;
}

type Leaves = ReadonlyMap<string, string>;

/** Lists of key ids, anchors and roles become sets of lines; the table of keys itself follows from the roles. */
function flat(signed: JSONObject): Map<string, JSONValue> {
  const leaves = new Map<string, JSONValue>();
  const visit = (path: string, value: JSONValue): void => {
    if (path === "keys" || path === "delegations.keys" || path === "x-rulemint.names") {
      for (const id of isJSONObject(value) ? Object.keys(value) : []) leaves.set(`${path}.${id}`, value);
      return;
    }
    if (Array.isArray(value)) {
      value.forEach((entry: JSONValue) => {
        if (isJSONObject(entry) && typeof entry.name === "string") visit(`${path} ${entry.name}`, entry);
        else leaves.set(`${path}: ${leafText(entry)}`, entry);
      });
    } else if (isJSONObject(value)) {
      for (const [name, member] of Object.entries(value))
        visit(path === "" ? name : `${path}.${name}`, member);
    } else leaves.set(path, value);
  };
  visit("", signed);
  return leaves;
}

function named(leaves: Map<string, JSONValue>, names: Readonly<Record<string, string>>): Leaves {
  const result = new Map<string, string>();
  for (const [path, value] of leaves) {
    if (/^x-rulemint\.names\./.test(path)) continue;
    const spoken = path.replace(/[0-9a-f]{64}/g, (id) =>
      names[id] === undefined ? id : `${names[id]} (${id.slice(0, 16)})`,
    );
    const isSet = path.includes(": ") || /^(delegations\.)?keys\./.test(path);
    // A key object under an id is the id's own preimage: the id says it all.
    result.set(spoken, isSet ? "" : leafText(value));
  }
  return result;
}

function leafText(value: JSONValue): string {
  if (typeof value !== "string") return JSON.stringify(value);
  // Certificates are told apart by their digest; nobody reads base64.
  if (value.length <= 100) return value;
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
