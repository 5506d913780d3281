/** Names inside the state folder, and taking one away. */
import { unlink } from "node:fs/promises";
import { UsageError, quote } from "../../core/errors.js";
import { systemCode } from "../durable-files.js";

/** False when there was none. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return false;
    throw cause;
  }
}

/** @throws UsageError USAGE: names come from our own code, so this is a mistake of ours, but never a way out of the folder */
export function plainName(name: string): string {
  if (!/^[a-z0-9][a-z0-9.-]{0,127}$/.test(name)) {
    throw new UsageError("USAGE", `expected a plain file name, got ${quote(name)}`);
  }
  return name;
}
