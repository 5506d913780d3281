/** What people call a key: `x-rulemint.names` of a root or targets file. For reading only; nothing is decided by a name. */
import { type JSONObject, isJSONObject } from "../encoding/json.js";

export function keyNames(signed: JSONObject): Readonly<Record<string, string>> {
  const block = signed["x-rulemint"];
  const names = isJSONObject(block) ? block.names : undefined;
  if (!isJSONObject(names)) return {};
  return Object.fromEntries(
    Object.entries(names).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
