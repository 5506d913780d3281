/**
 * A witness as a folder: `witness.yaml`, its key, and under `witness/` what it has cosigned last. Whoever opens the folder is the
 * witness, one process or several: they share its state.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseYAML, stringify as formatYAML } from "yaml";
import { z } from "zod";
import { systemClock } from "../adapters/clock/system.js";
import { openFilesystemWitnessState } from "../adapters/witness-state/filesystem.js";
import { openHTTPWitness } from "../adapters/witness/http.js";
import { OperationError, UsageError } from "../core/errors.js";
import {
  type VerifierKey,
  cosignatureKeyType,
  formatVerifierKey,
  parseVerifierKey,
  verifierKey,
} from "../core/log/verifier-key.js";
import type { Witness } from "../ports/witness.js";
import { type WitnessContext, cosignCheckpoint } from "../witness/cosign-checkpoint.js";
import { makeKey, openKey } from "./compose-keys.js";
import { type LogConfiguration, resolveIn } from "./configuration.js";

const witnessFile = "witness.yaml";
const keyFile = "keys/witness.key";

const settings = z.strictObject({
  schema: z.literal(1),
  /** Of its key: what stands in its signature lines. */
  name: z.string().regex(/^[^\s+]+$/),
  listen: z.string().default("127.0.0.1:8421"),
  /** Verifier keys of the logs that it watches. */
  logs: z.array(z.string().min(1)).max(256),
});

export interface WitnessSettings extends z.infer<typeof settings> {}

/** Draws the key and writes the settings. Gives the verifier key that logs and customers pin. @throws UsageError USAGE, OperationError */
export async function makeWitness(
  folder: string,
  name: string,
  logs: readonly string[],
): Promise<VerifierKey> {
  if (existsSync(join(folder, witnessFile))) {
    throw new UsageError("USAGE", `expected a folder without ${witnessFile}, got ${folder}`);
  }
  for (const log of logs) parseVerifierKey(log);
  mkdirSync(join(folder, "keys"), { recursive: true, mode: 0o700 });
  const { spki } = await makeKey(folder, keyFile, "ed25519");
  const key = verifierKey(name, cosignatureKeyType, spki.slice(-32));
  writeFileSync(join(folder, witnessFile), formatYAML(settings.parse({ schema: 1, name, logs })));
  return key;
}

/** @throws UsageError CONFIGURATION; OperationError SIGNER_UNAVAILABLE */
export async function openWitness(
  folder: string,
): Promise<{ readonly context: WitnessContext; readonly settings: WitnessSettings; close(): Promise<void> }> {
  const path = join(folder, witnessFile);
  if (!existsSync(path))
    throw new UsageError("CONFIGURATION", `expected ${witnessFile} in ${folder}, found none`);
  const parsed = settings.safeParse(parseYAML(readFileSync(path, "utf8")));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new UsageError("CONFIGURATION", `${witnessFile}: ${problems.join("; ")}`);
  }
  const signer = await openKey(folder, keyFile);
  const key = verifierKey(parsed.data.name, cosignatureKeyType, signer.spki.slice(-32));
  const state = await openFilesystemWitnessState(join(folder, "witness"));
  const logs = parsed.data.logs.map((vkey) => ({ key: parseVerifierKey(vkey) }));
  return {
    context: { key, signer, logs, state, clock: systemClock },
    settings: parsed.data,
    close: () => signer.close(),
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
