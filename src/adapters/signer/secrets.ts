/** Where PINs and passphrases come from: a file or the environment, never the command line, which other users can read. */
import { readFile } from "node:fs/promises";
import { OperationError, quote } from "../../core/errors.js";

/** The secret without its line end. @throws OperationError CONFIGURATION when it is nowhere or empty */
export async function readSecret(source: { file?: string; environment?: string }): Promise<string> {
  const { file, environment } = source;
  const named =
    file === undefined ? `the environment variable ${environment ?? "?"}` : `the file ${quote(file)}`;
  try {
    const text = file === undefined ? process.env[environment ?? ""] : await readFile(file, "utf8");
    const secret = text?.replace(/\r?\n$/, "") ?? "";
    if (secret !== "") return secret;
  } catch (cause) {
    throw new OperationError("CONFIGURATION", `expected a secret in ${named}`, { cause });
  }
  throw new OperationError("CONFIGURATION", `expected a secret in ${named}, got nothing`);
}
