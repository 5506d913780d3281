/** A TUF repository in memory, built by the publisher's own builders, with every part open to be made wrong. */
import { feedName } from "../../../src/core/brands.js";
import type { JSONObject } from "../../../src/core/encoding/json.js";
import type { SignaturePolicy } from "../../../src/core/trust/model.js";
import { TrustedMetadata } from "../../../src/core/trust/trusted-metadata.js";
import { rootSigned, snapshotSigned, targetsSigned, timestampSigned } from "../../../src/issuing/tuf.js";
import { signMetadata } from "../../../src/issuing/tuf-signatures.js";
import type { SignatureScheme } from "../../../src/ports/signer.js";
import { type TestSigner, testSigner } from "../../simulator/test-signer.js";

export const now = new Date("2026-11-22T12:00:00Z");
export const later = (days: number) => new Date(now.getTime() + days * 86_400_000);
export const feed = feedName("endpoint");

export const policy: SignaturePolicy = {
  schema: 1,
  codeSigningAnchors: ["-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"],
  timeStampingAnchors: ["-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"],
  country: "CH",
};

type Edit = (signed: Record<string, unknown> & { [member: string]: unknown }) => void;
export type Versions = Partial<Record<"root" | "timestamp" | "snapshot" | "targets" | "feed", number>>;

export interface Choices {
  versions?: Versions;
  /** Days from `now` until the role expires; negative: it has. */
  expires?: Versions;
  /** Changes `signed` before it is signed. */
  edit?: Partial<Record<"root" | "timestamp" | "snapshot" | "targets" | "feed", Edit>>;
  /** Who signs instead of the proper keys. */
  signers?: Partial<Record<"root" | "timestamp" | "snapshot" | "targets" | "feed", readonly TestSigner[]>>;
  /** Changes the file after signing, before it is listed. */
  file?: Partial<
    Record<"root" | "timestamp" | "snapshot" | "targets" | "feed", (file: JSONObject) => unknown>
  >;
}

export interface Files {
  root: Uint8Array;
  timestamp: Uint8Array;
  snapshot: Uint8Array;
  targets: Uint8Array;
  feed: Uint8Array;
}

export type Keys = Record<"root" | "timestamp" | "snapshot" | "targets" | "feed", readonly TestSigner[]>;

/** `draw` is told what the key is for. */
export async function makeKeys(
  draw: (name: string, scheme?: SignatureScheme) => Promise<TestSigner> = (_, scheme) => testSigner(scheme),
): Promise<Keys> {
  return {
    root: [await draw("root-1"), await draw("root-2"), await draw("root-3")],
    timestamp: [await draw("timestamp")],
    snapshot: [await draw("snapshot")],
    targets: [await draw("targets-1"), await draw("targets-2")],
    feed: [await draw("publisher", "ecdsa-p256-sha256"), await draw("overseer")],
  };
}

export async function makeFiles(keys: Keys, choices: Choices = {}): Promise<Files> {
  const version = (role: keyof Keys) => choices.versions?.[role] ?? 1;
  const dated = (role: keyof Keys) => ({
    version: version(role),
    expires: later(choices.expires?.[role] ?? 10),
  });
  const make = async (role: keyof Keys, signed: JSONObject) => {
    choices.edit?.[role]?.(signed);
    const bytes = await signMetadata(signed, choices.signers?.[role] ?? keys[role]);
    const change = choices.file?.[role];
    return change === undefined
      ? bytes
      : new TextEncoder().encode(JSON.stringify(change(JSON.parse(new TextDecoder().decode(bytes)))));
  };
  const grant = (role: keyof Keys, threshold: number) => ({
    keys: keys[role].map(({ key }) => key),
    threshold,
  });

  const root = await make(
    "root",
    rootSigned({
      ...dated("root"),
      roles: {
        root: grant("root", 2),
        timestamp: grant("timestamp", 1),
        snapshot: grant("snapshot", 1),
        targets: grant("targets", 2),
      },
      policy,
    }),
  );
  const targets = await make(
    "targets",
    targetsSigned({ ...dated("targets"), feeds: [{ feed, ...grant("feed", 2) }] }),
  );
  const feedFile = await make("feed", feedSigned(version("feed"), dated("feed").expires));
  const snapshot = await make(
    "snapshot",
    await snapshotSigned({
      ...dated("snapshot"),
      targets: { version: version("targets"), bytes: targets },
      feeds: new Map([[feed, { version: version("feed"), bytes: feedFile }]]),
    }),
  );
  const timestamp = await make(
    "timestamp",
    await timestampSigned({
      ...dated("timestamp"),
      snapshot: { version: version("snapshot"), bytes: snapshot },
    }),
  );
  return { root, timestamp, snapshot, targets, feed: feedFile };
}

/** Targets metadata with one target; manifests have tests of their own. */
function feedSigned(version: number, expires: Date): JSONObject {
  return {
    _type: "targets",
    spec_version: "1.0.34",
    version,
    expires: `${expires.toISOString().slice(0, 19)}Z`,
    targets: { "endpoint/1.full.rmp": { length: 1, hashes: { sha256: "0".repeat(64) } } },
  };
}

/** A client's whole way through the files, with what an earlier run stored. */
export async function refresh(files: Files, stored: Partial<Files> = {}, at = now): Promise<TrustedMetadata> {
  const trusted = await TrustedMetadata.start(stored.root ?? files.root, at);
  if (stored.root !== undefined && stored.root !== files.root) await trusted.updateRoot(files.root);
  trusted.finishRoot();
  if (stored.timestamp !== undefined) await trusted.restoreTimestamp(stored.timestamp);
  if (stored.snapshot !== undefined) await trusted.restoreSnapshot(stored.snapshot);
  await trusted.updateTimestamp(files.timestamp);
  await trusted.updateSnapshot(files.snapshot);
  await trusted.updateTargets(files.targets);
  await trusted.updateFeed(files.feed, feed);
  return trusted;
}
