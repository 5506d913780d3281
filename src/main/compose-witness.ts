/**
 * A witness as a folder: `witness.yaml`, its key, and under `witness/` what it has cosigned last. Whoever opens the folder is the
 * witness, one process or several: they share its state.
 */
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse as parseYAML, stringify as formatYAML } from "yaml";
import { z } from "zod";
import { systemClock } from "../adapters/clock/system.js";
import { writeFileDurably } from "../adapters/durable-files.js";
import { openFilesystemWitnessState } from "../adapters/witness-state/filesystem.js";
import { openHTTPWitness } from "../adapters/witness/http.js";
import type { KeyPlace } from "../cli/key-options.js";
import { utf8Bytes } from "../core/encoding/bytes.js";
import { OperationError, UsageError, quote } from "../core/errors.js";
import type { PolicyLog } from "../core/log/log-policy.js";
import {
  type VerifierKey,
  cosignatureKeyType,
  formatVerifierKey,
  noteKeyType,
  parseVerifierKey,
  verifierKey,
} from "../core/log/verifier-key.js";
import type { Signer } from "../ports/signer.js";
import type { Witness } from "../ports/witness.js";
import { type WitnessContext, cosignCheckpoint } from "../witness/cosign-checkpoint.js";
import { openPlacedKey } from "./compose-key-tools.js";
import { makeKey, openKey } from "./compose-keys.js";
import { type LogConfiguration, resolveIn } from "./configuration.js";

const witnessFile = "witness.yaml";
const keyFile = "keys/witness.key";

/** A key that is not the folder's own file: as `rulemint key generate` took it. */
const placedKey = z.strictObject({
  keyFile: z.string().optional(),
  passphraseFile: z.string().optional(),
  pkcs11Module: z.string().optional(),
  tokenLabel: z.string().optional(),
  keyLabel: z.string().optional(),
  pinFile: z.string().optional(),
});

const settings = z.strictObject({
  schema: z.literal(1),
  /** Of its key: what stands in its signature lines. */
  name: z.string().regex(/^[^\s+]+$/),
  listen: z.string().default("127.0.0.1:8421"),
  key: placedKey.optional(),
  /** Verifier keys of the logs that it watches. */
  logs: z.array(z.string().min(1)).max(256),
});

export interface WitnessSettings extends z.infer<typeof settings> {}

/**
 * Draws the key, unless one is named, and writes the settings. Gives the verifier key that logs and customers pin.
 * @throws UsageError USAGE, OperationError
 */
export async function makeWitness(
  folder: string,
  name: string,
  logs: readonly string[],
  place?: KeyPlace,
): Promise<VerifierKey> {
  if (existsSync(join(folder, witnessFile))) {
    throw new UsageError("USAGE", `expected a folder without ${witnessFile}, got ${folder}`);
  }
  logKeys(logs);
  mkdirSync(join(folder, "keys"), { recursive: true, mode: 0o700 });
  const signer = await (place === undefined ? makeKey(folder, keyFile, "ed25519") : openPlacedKey(place));
  try {
    const key = witnessKey(name, signer);
    const { scheme: _, ...kept } = place ?? { scheme: undefined };
    const paths = Object.entries(kept).map(([part, text]) => [part, isPath(part) ? resolve(text) : text]);
    const named = place === undefined ? {} : { key: Object.fromEntries(paths) };
    await writeSettings(folder, { schema: 1, name, logs: [...logs], ...named });
    return key;
  } finally {
    await signer.close();
  }
}

const isPath = (part: string): boolean => part.endsWith("File") || part === "pkcs11Module";

/** @throws OperationError CONFIGURATION for a key that is not Ed25519; VerificationError NOTE_MALFORMED */
function witnessKey(name: string, { scheme, spki }: Signer): VerifierKey {
  if (scheme !== "ed25519")
    throw new OperationError("CONFIGURATION", `expected an Ed25519 key for a witness, got ${scheme}`);
  return verifierKey(name, cosignatureKeyType, spki.slice(-32));
}

/** One log a name: what was cosigned is kept by the log's name. @throws UsageError USAGE; VerificationError NOTE_MALFORMED */
function logKeys(logs: readonly string[]): PolicyLog[] {
  const keys = logs.map((vkey) => ({ key: parseVerifierKey(vkey) }));
  for (const { key } of keys) {
    if (key.type === noteKeyType && keys.filter((one) => one.key.name === key.name).length === 1) continue;
    throw new UsageError("USAGE", `expected one key of type 1 of each log, got others of ${quote(key.name)}`);
  }
  return keys;
}

/** @throws UsageError CONFIGURATION */
export function readWitness(folder: string): WitnessSettings {
  const path = join(folder, witnessFile);
  if (!existsSync(path))
    throw new UsageError("CONFIGURATION", `expected ${witnessFile} in ${folder}, found none`);
  const parsed = settings.safeParse(parseYAML(readFileSync(path, "utf8")));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new UsageError("CONFIGURATION", `${witnessFile}: ${problems.join("; ")}`);
}

/** Replaces the list of logs. A witness that is being served takes it up with the next request. @throws UsageError USAGE */
export async function setWitnessLogs(folder: string, logs: readonly string[]): Promise<void> {
  logKeys(logs);
  await writeSettings(folder, { ...readWitness(folder), logs: [...logs] });
}

async function writeSettings(folder: string, input: z.input<typeof settings>): Promise<void> {
  await writeFileDurably(join(folder, witnessFile), utf8Bytes(formatYAML(settings.parse(input))));
}

/** @throws UsageError CONFIGURATION; OperationError SIGNER_UNAVAILABLE */
export async function openWitness(
  folder: string,
): Promise<{ readonly context: WitnessContext; readonly settings: WitnessSettings; close(): Promise<void> }> {
  const opened = readWitness(folder);
  const { key: place, name } = opened;
  const signer = await (place === undefined
    ? openKey(folder, keyFile)
    : openPlacedKey({ ...(place as Omit<KeyPlace, "scheme">), scheme: "ed25519" }));
  const logs = followedLogs(folder);
  return {
    context: {
      ...{ key: witnessKey(name, signer), signer, clock: systemClock },
      state: await openFilesystemWitnessState(join(folder, "witness")),
      get logs() {
        return logs();
      },
    },
    settings: opened,
    close: () => signer.close(),
  };
}

/** Read again whenever the file is another one. */
function followedLogs(folder: string): () => PolicyLog[] {
  let [version, logs] = ["", [] as PolicyLog[]];
  return () => {
    const { ino, mtimeMs } = statSync(join(folder, witnessFile));
    const found = `${ino}/${mtimeMs}`;
    if (found !== version) [version, logs] = [found, logKeys(readWitness(folder).logs)];
    return logs;
  };
}

/** The witnesses that a log asks; those in folders run in this process. */
export function witnessesOf(folder: string, { witnesses }: LogConfiguration): Witness[] {
  return witnesses.map(({ name, vkey, url, folder: place }) => {
    const key = parseVerifierKey(vkey);
    if (url !== undefined) return openHTTPWitness({ name, key, url });
    return witnessInFolder(name, key, resolveIn(folder, place ?? ""));
  });
}

/** For development: nobody else vouches for anything by it. */
function witnessInFolder(name: string, key: VerifierKey, folder: string): Witness {
  let opened: ReturnType<typeof openWitness> | undefined;
  const context = async (): Promise<WitnessContext> => {
    if (!existsSync(join(folder, witnessFile))) {
      throw unavailable(`expected the witness in ${folder}, got none: give its address, if it has moved`);
    }
    opened ??= openWitness(folder);
    const open = await opened;
    if (formatVerifierKey(open.context.key) === formatVerifierKey(key)) return open.context;
    throw unavailable(`expected the witness ${formatVerifierKey(key)} in ${folder}, got another`);
  };
  return {
    name,
    key,
    addCheckpoint: async (request) => {
      const { status, body } = await cosignCheckpoint(await context(), request);
      if (status === 200) return { kind: "cosigned", lines: body };
      if (status === 409) return { kind: "conflict", size: Number(body) };
      throw unavailable(`expected a cosignature, got status ${status}: ${body.trim()}`);
    },
  };
}

function unavailable(message: string): OperationError {
  return new OperationError("WITNESS_UNAVAILABLE", message);
}
