/**
 * The folder of an overseer or another rebuilder, which is all that it shares with nobody:
 *
 *     root.json                the pinned root                  assay.json      whose verdicts these are, and where the key is
 *     keys/assay.key           the key, unless it is in a token key.pem         its public half
 *     sources/ objects/ …      own copies                       records.sqlite  what was signed and said
 *     lock                     names the process that is at work
 *     status.json              how it stands, for whoever watches the watcher
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { systemClock } from "../adapters/clock/system.js";
import { openPKCS11Signer } from "../adapters/signer/pkcs11.js";
import type { InitAssayOptions } from "../cli/assay-doors.js";
import type { Report } from "../cli/doors.js";
import { hasKeyPlace, requireKeyPlace } from "../cli/key-options.js";
import { formatPEM } from "../core/encoding/pem.js";
import { quote, UsageError } from "../core/errors.js";
import { keyID } from "../core/trust/keys.js";
import { TrustedMetadata } from "../core/trust/trusted-metadata.js";
import { tufKeyOfSigner } from "../issuing/tuf-signatures.js";
import type { Signer } from "../ports/signer.js";
import { readInput } from "./compose-endpoint.js";
import { makeKey, openKey } from "./compose-keys.js";
import { readSecret } from "./configuration.js";

const keyPath = "keys/assay.key";
const configurationFile = "assay.json";
/** What an overseer's folder of `rulemint init` means, which has no such file. */
const plain = { schema: 1, party: "overseer", key: { kind: "webcrypto", keyFile: keyPath } } as const;

const configuration = z.strictObject({
  schema: z.literal(1),
  party: z.enum(["overseer", "rebuilder"]),
  key: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("webcrypto"), keyFile: z.string().min(1) }),
    z.strictObject({
      kind: z.literal("pkcs11"),
      module: z.string().min(1),
      tokenLabel: z.string().min(1),
      keyLabel: z.string().min(1),
      pinFile: z.string().min(1),
      scheme: z.enum(["ecdsa-p256-sha256", "rsa-pss-3072-sha256"]),
    }),
  ]),
});
export type RebuilderConfiguration = z.infer<typeof configuration>;

export interface RebuilderFolder {
  readonly path: string;
  readonly root: Uint8Array;
  readonly configuration: RebuilderConfiguration;
}

/** @throws UsageError USAGE for what is no such folder */
export function readRebuilderFolder(data: string): RebuilderFolder {
  const path = resolve(data);
  const root = join(path, "root.json");
  if (!existsSync(root)) {
    throw new UsageError("USAGE", `expected a rebuilder's folder with root.json, got ${path}`);
  }
  return { path, root: new Uint8Array(readFileSync(root)), configuration: readConfiguration(path) };
}

function readConfiguration(path: string): RebuilderConfiguration {
  const file = join(path, configurationFile);
  if (!existsSync(file)) return plain;
  try {
    return configuration.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    const said = cause instanceof z.ZodError ? z.prettifyError(cause) : "other text than JSON";
    throw new UsageError("USAGE", `expected a configuration in ${file}, got ${said}`, { cause });
  }
}

/** @throws OperationError SIGNER_UNAVAILABLE, SIGNER_PIN */
export function openRebuilderKey({ path, configuration: { key } }: RebuilderFolder): Promise<Signer> {
  if (key.kind === "webcrypto") return openKey(path, key.keyFile);
  const { module, tokenLabel, keyLabel, scheme } = key;
  const pin = readSecret(path, { file: key.pinFile });
  return openPKCS11Signer({ modulePath: module, tokenLabel, keyLabel, pin, scheme });
}

/** An empty folder, a pinned root and a key of its own: made here, or one that a token holds already. */
export async function initRebuilder(options: InitAssayOptions): Promise<Report> {
  const path = resolve(options.data);
  if (existsSync(join(path, "root.json"))) {
    throw new UsageError("USAGE", `expected a folder that is not set up, got ${quote(path)}`);
  }
  const root = readInput(options.root);
  await TrustedMetadata.start(root, systemClock.now());
  mkdirSync(join(path, "keys"), { recursive: true, mode: 0o700 });
  const made = configurationOf(options);
  const folder = { path, root, configuration: made };
  const inFile = made.key.kind === "webcrypto" && !existsSync(join(path, keyPath));
  const signer = await (inFile ? makeKey(path, keyPath, options.key.scheme) : openRebuilderKey(folder));
  const publicKey = formatPEM(signer.spki, "PUBLIC KEY");
  const id = keyID(tufKeyOfSigner(signer));
  await signer.close();
  writeFileSync(join(path, configurationFile), `${JSON.stringify(made, null, 2)}\n`);
  writeFileSync(join(path, "key.pem"), publicKey);
  // Last: with it, the folder is set up.
  writeFileSync(join(path, "root.json"), root);
  const json = { data: path, party: made.party, keyid: id, publicKey };
  return {
    ok: true,
    json,
    text: `Made ${options.data}. Key ${id}, public half in key.pem.\n${nextStep(made)}`,
  };
}

function configurationOf({ party, key }: InitAssayOptions): RebuilderConfiguration {
  if (!hasKeyPlace(key)) return { ...plain, party };
  requireKeyPlace(key);
  const { pkcs11Module: module, tokenLabel, keyLabel, pinFile, scheme } = key;
  if (module === undefined || scheme === "ed25519") {
    throw new UsageError("USAGE", "expected a P-256 or RSA key in a token; a key file is made in the folder");
  }
  const pin = pinFile as string;
  const place = { module, tokenLabel: tokenLabel as string, keyLabel: keyLabel as string, scheme };
  return {
    schema: 1,
    party,
    key: { kind: "pkcs11", ...place, pinFile: isAbsolute(pin) ? pin : resolve(pin) },
  };
}

function nextStep({ party }: RebuilderConfiguration): string {
  return party === "overseer"
    ? "Its keyholders take it into the feed: rulemint targets propose --add FEED/overseer:NAME=key.pem …"
    : "Customers who believe it name it: rulemint client init … --rebuilders K --rebuilder-key key.pem …";
}
