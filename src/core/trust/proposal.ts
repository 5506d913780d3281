/**
 * A change of `root` or `targets` on its way from hand to hand: the newest published file as served, the next one with the
 * signatures that it has so far, and nothing that a keyholder would have to believe.
 *
 *   { "schema": 1, "role": "root", "root": "<text>", "current": "<text>", "next": { "signatures": […], "signed": {…} } }
 *
 * `root` is the root whose keys decide: the current one for `root` itself, and for `targets` the one it will be published under.
 */
import { utf8Bytes, utf8Text } from "../encoding/bytes.js";
import { parseJSON } from "../encoding/json.js";
import { VerificationError } from "../errors.js";
import {
  type Envelope,
  type RoleKeys,
  malformed,
  object,
  parseEnvelope,
  parseRoot,
  text,
} from "./metadata.js";
import { keyNames } from "./key-names.js";
import { requireThreshold } from "./threshold.js";

export type ProposedRole = "root" | "targets";

export interface Proposal {
  readonly role: ProposedRole;
  readonly root: Uint8Array;
  readonly current: Uint8Array;
  /** The file to publish, as far as it is signed. */
  readonly next: Uint8Array;
}

/** Keys that may sign, and how many of them must. */
export interface Demand {
  readonly by: string;
  readonly threshold: number;
  readonly signed: number;
  readonly keys: readonly { readonly keyid: string; readonly name: string; readonly signed: boolean }[];
}

/** @throws VerificationError METADATA_MALFORMED, JSON_MALFORMED, TEXT_NOT_UTF8 */
export function parseProposal(bytes: Uint8Array): Proposal {
  const file = object(parseJSON(bytes), "a proposal");
  if (file.schema !== 1) throw malformed("a proposal of schema 1", file.schema);
  if (file.role !== "root" && file.role !== "targets") throw malformed("root or targets", file.role);
  const next = object(file.next, "next");
  // SPEC §5.6.1: or the change that is shown would not be the change that is signed for.
  if (file.role === "root" && file.root !== file.current) throw malformed("one current root", "two");
  return {
    role: file.role,
    root: utf8Bytes(text(file.root, "root")),
    current: utf8Bytes(text(file.current, "current")),
    next: utf8Bytes(`${JSON.stringify(next)}\n`),
  };
}

/** @throws VerificationError when the parts are not JSON text */
export function formatProposal({ role, root, current, next }: Proposal): Uint8Array<ArrayBuffer> {
  const file = { schema: 1, role, root: utf8Text(root), current: utf8Text(current), next: parseJSON(next) };
  return utf8Bytes(`${JSON.stringify(file, null, 2)}\n`);
}

/**
 * Whose signatures the next file needs, and which it has. TUF §5.3.4: a root needs the root keys before it and its own.
 * @throws VerificationError METADATA_MALFORMED; METADATA_THRESHOLD when the current file is not sound itself
 */
export async function demandsOf(proposal: Proposal): Promise<readonly Demand[]> {
  const { role } = proposal;
  const next = parseEnvelope(proposal.next, role);
  const root = parseEnvelope(proposal.root, "root");
  const { version } = parseEnvelope(proposal.current, role).signed;
  if (next.signed.version !== (version as number) + 1) {
    throw malformed(`version ${(version as number) + 1}`, next.signed.version);
  }
  const keys = parseRoot(root.signed).roles;
  const names = { ...keyNames(root.signed), ...keyNames(next.signed) };
  if (role === "targets") return [await demand("the targets keys", next, keys.targets, names)];
  await requireThreshold(root, keys.root, "the current root");
  return [
    await demand(`the root keys of version ${root.signed.version}`, next, keys.root, names),
    await demand("its own root keys", next, parseRoot(next.signed).roles.root, names),
  ];
}

async function demand(
  by: string,
  envelope: Envelope,
  role: RoleKeys,
  names: Readonly<Record<string, string>>,
): Promise<Demand> {
  const signers = await requireThreshold(envelope, { ...role, threshold: 0 }, by);
  const ids = new Set(signers.map(({ keyid }) => keyid));
  const keys = [...role.keys.keys()].map((keyid) => ({
    keyid,
    name: names[keyid] ?? keyid.slice(0, 16),
    signed: ids.has(keyid),
  }));
  return { by, threshold: role.threshold, signed: signers.length, keys };
}

/** SPEC §5.6.3. @throws VerificationError METADATA_THRESHOLD naming the shares that have not signed */
export function requireDemands(demands: readonly Demand[]): void {
  const open = demands.find(({ signed, threshold }) => signed < threshold);
  if (open === undefined) return;
  const missing = open.keys
    .filter(({ signed }) => !signed)
    .map(({ name, keyid }) => `${name} (${keyid.slice(0, 16)})`);
  throw new VerificationError(
    "METADATA_THRESHOLD",
    `expected ${open.threshold} of ${open.by} to have signed, got ${open.signed}; not yet: ${missing.join(", ")}`,
  );
}
