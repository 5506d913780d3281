/** The access log put together: its folders, its key, its openings. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../adapters/clock/system.js";
import { openFilesystemLog } from "../adapters/log/filesystem.js";
import { nodeDigest, nodePairDigest } from "../adapters/node-digest.js";
import { openSQLiteRecords } from "../adapters/records/sqlite.js";
import { openWebCryptoSigner } from "../adapters/signer/webcrypto.js";
import { formatVerifierKey, noteKeyType, verifierKey } from "../core/log/verifier-key.js";
import { AccessLog } from "../services/access-log.js";
import type { Leadership } from "../services/leadership.js";
import { makeKey, passphraseFile } from "./compose-keys.js";
import { type AccessConfiguration, type ConfigurationInput, readSecret, resolveIn } from "./configuration.js";

/** Everything of it that is on disk, openings included; it is copied and kept as one. */
const accessFolder = "access-log";

/** The log is opened by the first entry: a ceremony beside a running service hands its entries over instead. */
export async function composeAccessLog(
  folder: string,
  { origin, keyFile, passphrase, heartbeatMinutes }: AccessConfiguration,
  leadership?: Leadership,
): Promise<AccessLog> {
  const state = join(folder, accessFolder);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const openings = await openSQLiteRecords({ path: join(state, "openings.sqlite"), secureDelete: true });
  const open = async () => {
    leadership?.require();
    const secret = readSecret(folder, passphrase);
    const path = resolveIn(folder, keyFile);
    const signer = await openWebCryptoSigner({ path, passphrase: secret, scheme: "ed25519" });
    try {
      const store = await openFilesystemLog({ files: join(state, "files"), state, digest: nodeDigest });
      const policy = { witnesses: [], groups: [], quorum: undefined };
      const key = verifierKey(origin, noteKeyType, signer.spki.slice(-32));
      return {
        ...{ origin, signer, store, clock: systemClock, pairDigest: nodePairDigest, witnesses: [] },
        pause: (ms: number) => pause(ms),
        policy: () => Promise.resolve({ ...policy, logs: [{ key }] }),
      };
    } catch (error) {
      await signer.close();
      throw error;
    }
  };
  return new AccessLog({
    ...{ open, openings, clock: systemClock, pause: (ms) => pause(ms) },
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    intervalSeconds: heartbeatMinutes * 60,
  });
}

/** For a new data folder: the log's key; auditors pin its public half. */
export async function makeAccessLog(
  data: string,
  releaseOrigin: string,
): Promise<{ readonly vkey: string; readonly settings: NonNullable<ConfigurationInput["access"]> }> {
  const keyFile = "keys/access-log.key";
  const signer = await makeKey(data, keyFile, "ed25519");
  const origin = `${releaseOrigin.replace(/\/releases$/, "")}/access`;
  const vkey = formatVerifierKey(verifierKey(origin, noteKeyType, signer.spki.slice(-32)));
  await signer.close();
  return { vkey, settings: { origin, keyFile, passphrase: { file: passphraseFile } } };
}
