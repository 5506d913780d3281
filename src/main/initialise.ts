/**
 * `rulemint init`: a data folder that can be served at once. Development certificates around real keys: the publisher's in a token or an
 * encrypted file, online keys, offline shares in a folder of their own, the overseer's in its own folder.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { InitOptions, Report } from "../cli/doors.js";
import { feedName } from "../core/brands.js";
import { formatPEM } from "../core/encoding/pem.js";
import { UsageError } from "../core/errors.js";
import { parseCertificate, signerIdentity } from "../core/pki/certificate.js";
import { mldsaSPKI } from "../core/trust/mldsa.js";
import type { SignaturePolicy } from "../core/pki/model.js";
import { type DevelopmentLeaves, issueDevelopmentLeaves } from "../issuing/development-pki.js";
import { keyID } from "../core/trust/keys.js";
import { tufKeyOfSigner } from "../issuing/tuf-signatures.js";
import type { Signer } from "../ports/signer.js";
import { createToken } from "../services/create-token.js";
import { initialisePublisher } from "../services/initialise-publisher.js";
import { recordLocal } from "../services/record-access.js";
import type { Role } from "../services/model.js";
import { generateTokenKey, makeKey, makePostQuantumKey, openKey, passphraseFile } from "./compose-keys.js";
import { composeService } from "./compose-service.js";
import {
  type ConfigurationInput,
  configurationFile,
  formatConfiguration,
  readConfiguration,
  readSecret,
} from "./configuration.js";
import { readDevelopmentKeys } from "./development-keys.js";
import { makeAccessLog } from "./compose-access.js";
import { localUser } from "./local-user.js";
import { makeLog } from "./make-log.js";

/** Who gets a token. Analyst and reviewer may do each other's work: four eyes are two people, not two roles. */
const people: Readonly<Record<string, readonly Role[]>> = {
  analyst: ["analyst", "reviewer"],
  reviewer: ["reviewer", "analyst"],
  "release-manager": ["release-manager"],
  overseer: ["overseer"],
  rebuilder: ["rebuilder"],
  auditor: ["auditor"],
  monitor: ["monitor"],
};

const secretFile = { mode: 0o600 } as const;

export async function initialise(options: InitOptions): Promise<Report> {
  const data = resolve(options.data);
  const overseer = resolve(options.overseer ?? join(data, "overseer"));
  if (existsSync(join(data, configurationFile))) {
    throw new UsageError("USAGE", `expected a folder without ${configurationFile}, got ${data}`);
  }
  for (const folder of [join(data, "keys"), join(data, "offline"), join(data, "tokens"), overseer]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  const publisherSpki = await makePublisherKey(data, options);
  for (const name of ["snapshot", "timestamp", "tsu"]) await makeKey(data, `keys/${name}.key`);
  for (const name of ["root-vendor-1", "root-vendor-2", "targets-1", "targets-2"]) {
    await makeKey(data, `offline/${name}.key`);
  }
  const leaves = await issueLeaves(data, publisherSpki, options);
  const log = await makeLog(data, overseer, options);
  const access = await makeAccessLog(data, log.settings.origin);
  writeFileSync(join(data, "access-log-key.txt"), `${access.vkey}\n`);
  const visits = await makeKey(data, "keys/visits.key");
  writeFileSync(join(data, "visits-key.pem"), formatPEM(visits.spki, "PUBLIC KEY"));
  await visits.close();
  const policy = { ...leaves.policy, log: log.demand };
  writeFileSync(join(data, "policy.json"), `${JSON.stringify(policy, null, 2)}\n`);
  writeFileSync(
    join(data, configurationFile),
    formatConfiguration({ ...settings(options), log: log.settings, access: access.settings }),
  );
  const { rootBytes, tokens } = await ceremony(data, overseer, { ...leaves, policy });
  writeFileSync(join(data, "root.json"), rootBytes);
  writeFileSync(join(overseer, "root.json"), rootBytes);
  return report(data, overseer, { leaves, tokens, log: log.vkey });
}

async function makePublisherKey(data: string, options: InitOptions): Promise<Uint8Array> {
  if (options.signer === "webcrypto") {
    const signer = await makeKey(data, "keys/publisher.key", options.scheme);
    return signer.spki;
  }
  const { modulePath, tokenLabel, keyLabel, pinFile } = tokenOptions(options);
  const pin = readSecret(data, { file: pinFile });
  return generateTokenKey({ modulePath, tokenLabel, pin, keyLabel, scheme: options.scheme });
}

/** @throws UsageError USAGE naming the options that are missing */
function tokenOptions({ pkcs11Module, tokenLabel, keyLabel, pinFile }: InitOptions) {
  if (!pkcs11Module || !tokenLabel || !pinFile) {
    throw new UsageError(
      "USAGE",
      "expected --pkcs11-module, --token-label and --pin-file with --signer pkcs11",
    );
  }
  return {
    modulePath: pkcs11Module,
    tokenLabel,
    keyLabel: keyLabel ?? "publisher",
    pinFile: resolve(pinFile),
  };
}

async function issueLeaves(
  data: string,
  publisherSpki: Uint8Array,
  options: InitOptions,
): Promise<DevelopmentLeaves> {
  const tsu = await openKey(data, "keys/tsu.key");
  const issued = await issueDevelopmentLeaves({
    keys: readDevelopmentKeys(),
    publisherSpki,
    tsuSpki: tsu.spki,
    now: new Date(),
    alsoEmail: options.clamavSignatures === true,
  });
  const leaves = { ...issued, policy: { ...issued.policy, ...(await secondSignature(data, options)) } };
  const pem = (chain: readonly Uint8Array[]) => chain.map((der) => formatPEM(der, "CERTIFICATE")).join("");
  writeFileSync(join(data, "keys/publisher-chain.pem"), pem(leaves.publisherChain));
  writeFileSync(join(data, "keys/tsu-chain.pem"), pem(leaves.tsuChain));
  writeFileSync(join(data, "anchors.pem"), leaves.anchorsPem);
  return leaves;
}

/** SPEC §5.5.4: the root pins the key from the start; a release may announce it as soon as one is built. */
async function secondSignature(
  data: string,
  { postQuantum }: InitOptions,
): Promise<Partial<SignaturePolicy>> {
  if (postQuantum !== true) return {};
  const publicKey = await makePostQuantumKey(data, "keys/post-quantum.key");
  const pem = formatPEM(mldsaSPKI(publicKey), "PUBLIC KEY");
  return { postQuantum: "when-announced", postQuantumKeys: [pem] };
}

function settings(options: InitOptions): ConfigurationInput {
  const passphrase = { file: passphraseFile };
  const certificates = "keys/publisher-chain.pem";
  const { scheme } = options;
  return {
    schema: 1,
    publisher:
      options.signer === "webcrypto"
        ? { kind: "webcrypto", keyFile: "keys/publisher.key", passphrase, scheme, certificates }
        : {
            kind: "pkcs11",
            module: tokenOptions(options).modulePath,
            tokenLabel: tokenOptions(options).tokenLabel,
            keyLabel: tokenOptions(options).keyLabel,
            pin: { file: tokenOptions(options).pinFile },
            scheme,
            certificates,
          },
    snapshot: { keyFile: "keys/snapshot.key", passphrase },
    visits: { keyFile: "keys/visits.key", passphrase },
    timestamp: { keyFile: "keys/timestamp.key", passphrase },
    ...(options.postQuantum && { postQuantum: { keyFile: "keys/post-quantum.key", passphrase } }),
    ...(options.clamavSignatures && { clamavSignatures: true }),
    developmentAuthority: { keyFile: "keys/tsu.key", passphrase, certificates: "keys/tsu-chain.pem" },
  };
}

/** Root 1 and targets 1, signed by the shares that are here; the overseer's keys are made in its own folder. */
async function ceremony(data: string, overseer: string, leaves: DevelopmentLeaves) {
  const rootShare = await makeKey(overseer, "keys/root-overseer.key");
  const assayKey = await makeKey(overseer, "keys/assay.key");
  const service = await composeService(data, readConfiguration(data), {
    ownAddress: () => "http://127.0.0.1:0",
    wake: () => undefined,
  });
  const [vendor1, vendor2, targets1, targets2] = await Promise.all(
    ["root-vendor-1", "root-vendor-2", "targets-1", "targets-2"].map((name) =>
      openKey(data, `offline/${name}.key`),
    ),
  );
  if (!vendor1 || !vendor2 || !targets1 || !targets2) throw new Error("expected four offline keys");
  await recordLocal(service.context, { who: localUser(), operation: "init", target: "root/1" });
  const { publisher, snapshot, timestamp } = service.context;
  try {
    const rootBytes = await initialisePublisher(service.context, {
      root: {
        signers: [vendor1, rootShare],
        keys: [tufKeyOfSigner(vendor2)],
        threshold: 2,
        expiryDays: 365,
      },
      targets: { signers: [targets1, targets2], threshold: 2, expiryDays: 180 },
      names: namesOf({
        ...{ "root-vendor-1": vendor1, "root-vendor-2": vendor2, "root-overseer": rootShare },
        ...{ "targets-1": targets1, "targets-2": targets2, snapshot, timestamp },
        ...{ publisher, overseer: assayKey },
      }),
      feeds: [{ name: feedName("endpoint"), rulesets: "*", overseers: [tufKeyOfSigner(assayKey)] }],
      policy: leaves.policy,
    });
    const tokens: Record<string, string> = {};
    for (const [name, roles] of Object.entries(people)) {
      const random = crypto.getRandomValues(new Uint8Array(32));
      await recordLocal(service.context, {
        who: localUser(),
        operation: "createToken",
        target: `${name}: ${roles.join(", ")}`,
      });
      const token = await createToken(service.context, { identity: { name, roles }, random });
      const file =
        name === "overseer" ? join(overseer, "overseer.token") : join(data, "tokens", `${name}.token`);
      writeFileSync(file, `${token}\n`, secretFile);
      tokens[name] = file;
    }
    return { rootBytes, tokens };
  } finally {
    await service.close();
  }
}

/** So that a diff says whose key comes and goes. */
function namesOf(signers: Readonly<Record<string, Pick<Signer, "scheme" | "spki">>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(signers).map(([name, signer]) => [keyID(tufKeyOfSigner(signer)), name]),
  );
}

async function report(
  data: string,
  overseer: string,
  { leaves, tokens, log }: { leaves: DevelopmentLeaves; tokens: Record<string, string>; log: string },
): Promise<Report> {
  const leaf = await signerIdentity(parseCertificate(leaves.publisherChain[0] as Uint8Array));
  const { subject, notAfter, certificateSha256 } = leaf;
  const shown = (path: string) => relative(process.cwd(), path) || ".";
  const lines = [
    `Made ${shown(data)}: keys, certificates, TUF root 1, the feed "endpoint".`,
    `Signing certificate: ${subject}, until ${notAfter}.`,
    `Log: ${log}`,
    "These are DEVELOPMENT keys: their CA is public, and the service refuses them off loopback. The log's two witnesses",
    "run inside the service: they show how it works, and vouch for nothing to anybody else.",
    "",
    "Tokens, one a person:",
    ...Object.entries(tokens).map(([role, file]) => `  ${role.padEnd(16)} ${shown(file)}`),
    "",
    `Move ${shown(join(data, "offline"))} to another place, and ${shown(overseer)} to the overseer's machine,`,
    "and say in rulemint.yaml (log.witnesses) where the overseer's witness is then, by folder or url.",
    `Customers pin ${shown(join(data, "root.json"))}. Next: rulemint serve --data ${shown(data)}`,
  ];
  return {
    ok: true,
    json: {
      data,
      overseer,
      publisher: { subject, notAfter, certificateSha256 },
      root: join(data, "root.json"),
      anchors: join(data, "anchors.pem"),
      log,
      logPolicy: join(data, "log-policy.txt"),
      tokens,
      files: readdirSync(data).sort(),
    },
    text: lines.join("\n"),
  };
}
