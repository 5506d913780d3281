/** Where the field's own test suites lie, and how they are read: in place. Whoever has them not is told so. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { LimboCase } from "../../../src/main/limbo-harness.js";

const shared = (name: string): string =>
  fileURLToPath(new URL(`../../../../shared/vectors/${name}`, import.meta.url));

/** Undefined where the suite is not there. */
function present(name: string): string | undefined {
  const file = shared(name);
  if (existsSync(file)) return file;
  console.warn(`${file} is not there: its cases were not tried`);
  return undefined;
}

export const limboFile = present("x509-limbo.json.gz");
export const pkitsFile = present("pkits.tar.gz");
export const wycheproofFile = present("wycheproof-subset.tar.gz");

export function limboCases(): (LimboCase & { readonly expected_result: "SUCCESS" | "FAILURE" })[] {
  return JSON.parse(gunzipSync(readFileSync(limboFile as string)).toString()).testcases;
}

/** Certificates and revocation lists of PKITS by their names. */
export function pkitsFiles(): { certificates: Map<string, Uint8Array>; lists: Map<string, Uint8Array> } {
  const folder = mkdtempSync(join(tmpdir(), "rulemint-pkits-"));
  try {
    const parts = ["PKITS_data/certs", "PKITS_data/crls"];
    execFileSync("tar", ["-xzf", pkitsFile as string, "-C", folder, ...parts]);
    const [certificates, lists] = parts.map((part) => {
      const inside = join(folder, part);
      const bytes = (file: string) => Uint8Array.from(readFileSync(join(inside, file)));
      return new Map(readdirSync(inside).map((file) => [basename(file).replace(/\.\w+$/, ""), bytes(file)]));
    }) as [Map<string, Uint8Array>, Map<string, Uint8Array>];
    return { certificates, lists };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function wycheproofGroups<T>(name: string): T[] {
  const options = { maxBuffer: 2 ** 26 };
  const json = execFileSync("tar", ["-xzOf", wycheproofFile as string, `./${name}.json`], options);
  return JSON.parse(json.toString()).testGroups;
}
