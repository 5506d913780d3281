/**
 * The general TUF client as a program with the command line of the field's conformance suite: `init ROOT`, `refresh`, `download`.
 * Exit code 0 or 1. What it does not say in metadata files it says on stderr.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { systemClock } from "../adapters/clock/system.js";
import { openFetcher } from "../adapters/fetcher/open.js";
import { type TUFFolder, openTUFFolder } from "../adapters/tuf-folder/filesystem.js";
import { PublicTreeReader } from "../client/fetch-file.js";
import { TUFClient, requireTarget, targetAddress } from "../client/tuf/tuf-client.js";
import { RulemintError, UsageError, VerificationError } from "../core/errors.js";
import { encodedRoleName } from "../core/trust/delegations.js";
import { TrustedMetadata } from "../core/trust/trusted-metadata.js";
import type { Fetcher } from "../ports/fetcher.js";

const options = {
  "metadata-url": { type: "string" },
  "metadata-dir": { type: "string" },
  "target-name": { type: "string", multiple: true },
  "target-base-url": { type: "string" },
  "target-dir": { type: "string" },
} as const;

/** Longer names are replaced by their digest: file systems end at 255 bytes. */
const fileNameMax = 200;

/** Never throws. */
export async function runTUFClient(words: readonly string[]): Promise<number> {
  const fetcher = openFetcher({ userAgent: "rulemint-tuf-client" });
  try {
    await dispatch(words, fetcher);
    return 0;
  } catch (error) {
    const known = error instanceof RulemintError ? `${error.code}: ${error.message}` : String(error);
    process.stderr.write(`error: ${known}\n`);
    return 1;
  } finally {
    await fetcher.close();
  }
}

async function dispatch(words: readonly string[], fetcher: Fetcher): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
  const [command, root] = positionals;
  const needed = (name: keyof typeof options): string => {
    const value = values[name];
    if (typeof value !== "string") throw new UsageError("USAGE", `expected --${name}, got none`);
    return value;
  };
  const folder = await openTUFFolder(needed("metadata-dir"));
  const unlock = await folder.lock();
  try {
    if (command === "init" && root !== undefined) return await init(folder, root);
    if (command !== "refresh" && command !== "download") {
      throw new UsageError("USAGE", "expected init ROOT, refresh or download");
    }
    const metadata = new PublicTreeReader(fetcher, needed("metadata-url"));
    const client = await TUFClient.open({ files: folder.files, metadata, now: systemClock.now() });
    await client.refresh();
    if (command === "refresh") return;
    const base = new PublicTreeReader(fetcher, needed("target-base-url"));
    const targets = await openTUFFolder(needed("target-dir"));
    for (const path of values["target-name"] ?? []) await download(client, base, targets, path);
  } finally {
    await unlock();
  }
}

async function init({ files }: TUFFolder, path: string): Promise<void> {
  const bytes = new Uint8Array(readFileSync(path));
  await TrustedMetadata.start(bytes, systemClock.now());
  await files.write("root.json", bytes);
}

async function download(
  client: TUFClient,
  base: PublicTreeReader,
  { files }: TUFFolder,
  path: string,
): Promise<void> {
  const target = await client.findTarget(path);
  const address = targetAddress(path, target, client.consistentSnapshot);
  const name = fileName(path);
  const stored = await files.read(name);
  if (stored !== undefined) {
    try {
      await requireTarget(stored, target, path);
      return;
    } catch (error) {
      // What is here is another version, or spoiled.
      if (!(error instanceof VerificationError)) throw error;
    }
  }
  const bytes = await base.read(address, target.length);
  await requireTarget(bytes, target, path);
  await files.write(name, bytes);
}

/** A name that leads nowhere: neither a folder, nor hidden, nor too long. */
function fileName(path: string): string {
  const name = encodedRoleName(path).replace(/^\.+/, (dots) => "%2E".repeat(dots.length));
  return name.length > fileNameMax ? createHash("sha256").update(path).digest("hex") : name;
}
