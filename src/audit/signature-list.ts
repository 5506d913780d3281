/**
 * Who signed what, and when: every signature that a feed rests on, as a list. A manifest and its packs have the time that a time-stamp
 * authority gave them. TUF metadata say no time of their own: a root or `targets` file was signed before the first release that was
 * published under it, and more than that nobody can know from the files.
 */
import { hexBytes } from "../core/encoding/bytes.js";
import { limits } from "../core/limits.js";
import { metadataPath } from "../core/release/tree-paths.js";
import { keyNames } from "../core/trust/key-names.js";
import { spkiFromTUFKey, verifyTUFSignature } from "../core/trust/keys.js";
import {
  type Envelope,
  type RoleKeys,
  formatTime,
  parseEnvelope,
  parseRoot,
} from "../core/trust/metadata.js";
import type { TUFKey } from "../core/trust/model.js";
import { partyOf } from "./chain.js";
import type { History, PastRelease } from "./history.js";

export interface ListedSignature {
  /** `YYYY-MM-DDTHH:MM:SSZ`, proven by a time-stamp; undefined where nothing proves a time. */
  readonly time: string | undefined;
  /** `release 3`, `root 2`. */
  readonly what: string;
  /** `publisher`, `overseer`, `root key`, `certificate`, `time-stamp authority`. */
  readonly as: string;
  readonly who: string;
  /** Key id, or SHA-256 of a certificate. */
  readonly id: string;
  /** SubjectPublicKeyInfo, DER, of whoever signed and of the authorities above. */
  readonly keys: readonly Uint8Array[];
}

/** Newest release first; then `targets` and roots, newest first. */
export async function listSignatures(history: History): Promise<ListedSignature[]> {
  const listed = history.releases.flatMap((one) => ofRelease(history, one));
  return [...listed, ...(await ofTargets(history)), ...(await ofRoots(history))];
}

function ofRelease({ trusted }: History, { proven, release }: PastRelease): ListedSignature[] {
  const what = `release ${proven.metadata.version}`;
  const signature = release?.signature;
  const time = signature === undefined ? undefined : formatTime(signature.timestamp.time);
  const targets = trusted.targets;
  const party = targets === undefined ? () => "feed key" : partyOf(targets, proven.feed);
  const names = targets === undefined ? {} : keyNames(targets.signed);
  const keys = proven.signers.map(({ keyid, key }) =>
    plain({ time, what, as: party(keyid), who: names[keyid] ?? "", id: keyid }, key),
  );
  if (signature === undefined) return keys;
  const [signer = [], authority = []] = signature.paths;
  const paths = [
    { as: "certificate", path: signer, one: signature.signer },
    { as: "time-stamp authority", path: authority, one: signature.timestamp.authority },
  ].map(({ as, path, one }) => ({
    ...{ time, what, as, who: one.subject, id: one.certificateSha256 },
    keys: path.map(({ key }) => key.spki),
  }));
  return [...keys, ...paths];
}

type Bare = Omit<ListedSignature, "keys">;
const plain = (bare: Bare, key: TUFKey): ListedSignature => ({
  ...{ ...bare, keys: [spkiFromTUFKey(key)] },
});

async function ofTargets({ files, trusted }: History): Promise<ListedSignature[]> {
  const listed: ListedSignature[] = [];
  for (let version = trusted.targets?.version ?? 0; version >= 1; version--) {
    const bytes = await files.find(metadataPath("targets", version), limits.targetsBytesMax);
    if (bytes === undefined) continue;
    const envelope = parseEnvelope(bytes, "targets");
    const root = trusted.root;
    const names = root.extension === undefined ? {} : keyNames({ "x-rulemint": root.extension });
    listed.push(...(await ofFile(envelope, root.roles.targets, `targets ${version}`, "targets key", names)));
  }
  return listed;
}

async function ofRoots({ files, trusted }: History): Promise<ListedSignature[]> {
  const listed: ListedSignature[] = [];
  for (let version = trusted.root.version; version >= 1; version--) {
    const bytes = await files.find(metadataPath("root", version), limits.rootBytesMax);
    if (bytes === undefined) continue;
    const envelope = parseEnvelope(bytes, "root");
    const { roles, extension } = parseRoot(envelope.signed);
    const names = extension === undefined ? {} : keyNames({ "x-rulemint": extension });
    listed.push(...(await ofFile(envelope, roles.root, `root ${version}`, "root key", names)));
  }
  return listed;
}

/** Only signatures that hold. */
async function ofFile(
  { signatures, message }: Envelope,
  role: RoleKeys,
  what: string,
  as: string,
  names: Readonly<Record<string, string>>,
): Promise<ListedSignature[]> {
  const listed: ListedSignature[] = [];
  for (const { keyid, sig } of signatures) {
    const key = role.keys.get(keyid);
    if (key === undefined || !(await verifyTUFSignature(key, message, hexBytes(sig)))) continue;
    listed.push(plain({ time: undefined, what, as, who: names[keyid] ?? "", id: keyid }, key));
  }
  return listed;
}
