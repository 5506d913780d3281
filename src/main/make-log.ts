/**
 * The log of a new data folder: its key, and two witnesses for development, one in the overseer's folder and one beside the
 * service. Both must cosign, so that what customers pin is enforced from the first release on.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { InitOptions } from "../cli/doors.js";
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { formatVerifierKey, noteKeyType, verifierKey } from "../core/log/verifier-key.js";
import type { LogDemand } from "../core/log/log-policy.js";
import { makeKey, passphraseFile } from "./compose-keys.js";
import { makeWitness } from "./compose-witness.js";
import type { ConfigurationInput } from "./configuration.js";

/** A week: endpoints that are asked for more than that by their own policy ask for the newest checkpoint. */
const cosignatureHoursMax = 168;
const logKeyFile = "keys/log.key";

export interface NewLog {
  readonly vkey: string;
  readonly demand: LogDemand;
  readonly settings: NonNullable<ConfigurationInput["log"]>;
}

/** SPEC §5.5.6: for the policy in root 1. */
export async function makeLog(data: string, overseer: string, { logOrigin }: InitOptions): Promise<NewLog> {
  const { spki } = await makeKey(data, logKeyFile, "ed25519");
  const publicKey = spki.slice(-32);
  // Witnesses know a log by its name, so two installations must not share one.
  const base = `development.invalid/${hexText(await sha256(publicKey)).slice(0, 8)}`;
  const origin = logOrigin ?? `${base}/releases`;
  const vkey = formatVerifierKey(verifierKey(origin, noteKeyType, publicKey));
  const places = { overseer, development: join(data, "witnesses", "development") };
  const witnesses: { name: string; vkey: string; folder: string }[] = [];
  for (const [name, folder] of Object.entries(places)) {
    const key = await makeWitness(folder, `${base}/witness-${name}`, [vkey]);
    const inside = folder.startsWith(`${data}/`) ? folder.slice(data.length + 1) : folder;
    witnesses.push({ name, vkey: formatVerifierKey(key), folder: inside });
  }
  const policy = [
    `log ${vkey}`,
    ...witnesses.map((one) => `witness ${one.name} ${one.vkey}`),
    `group witnesses all ${witnesses.map(({ name }) => name).join(" ")}`,
    "quorum witnesses",
    "",
  ].join("\n");
  writeFileSync(join(data, "log-policy.txt"), policy);
  return {
    vkey,
    demand: { policy, cosignatureHoursMax },
    settings: { origin, keyFile: logKeyFile, passphrase: { file: passphraseFile }, witnesses },
  };
}
