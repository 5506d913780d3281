/**
 * The next root or targets file, unsigned: the newest one with other keys, thresholds, policy or life, and everything else as it
 * stands. Nothing here needs a secret; what comes out is carried to the keyholders.
 */
import { parseJSON, type JSONObject } from "../core/encoding/json.js";
import { utf8Bytes } from "../core/encoding/bytes.js";
import { OperationError, PolicyError, UsageError, quote } from "../core/errors.js";
import type { SignaturePolicy } from "../core/pki/model.js";
import { metadataPath } from "../core/release/tree-paths.js";
import { keyID } from "../core/trust/keys.js";
import { keyNames } from "../core/trust/key-names.js";
import { formatTime, object, parseEnvelope, parseRoot } from "../core/trust/metadata.js";
import type { TUFKey } from "../core/trust/model.js";
import type { Party } from "../core/trust/parties.js";
import type { Proposal, ProposedRole } from "../core/trust/proposal.js";
import { parsePolicy } from "../core/trust/policy.js";
import type { ServiceContext } from "./context.js";
import { requirePublication } from "./published-trust.js";

export interface KeyAddition {
  /** A top-level role in a root, a feed in targets. */
  readonly role: string;
  /** In targets: whose key it is. */
  readonly party?: Party;
  readonly name: string;
  readonly key: TUFKey;
}

export interface ChangeRequest {
  readonly role: ProposedRole;
  readonly add: readonly KeyAddition[];
  /** By name, or by at least 8 digits of the key id. */
  readonly remove: readonly { readonly role: string; readonly key: string }[];
  readonly thresholds: readonly { readonly role: string; readonly threshold: number }[];
  readonly expiryDays: number;
  /** Bytes of a policy.json; root only. */
  readonly policy?: Uint8Array;
  /** The root proposal that targets will be published with, when not under the newest root. */
  readonly under?: Proposal;
}

/** SPEC §5.6.7, §7.1: endpoints refuse a feed that one key can speak for. */
const feedThresholdMin = 2;

type ProposeContext = Pick<ServiceContext, "records" | "tree" | "clock">;
interface Draft {
  keys: Record<string, JSONObject>;
  roles: Map<string, { keyids: string[]; threshold: number; rest: JSONObject }>;
  names: Record<string, string>;
  parties: Record<string, Record<Party, string[]>> | undefined;
}

/** @throws UsageError USAGE for a change that cannot be; PolicyError RELEASE_STATE for one that endpoints would refuse */
export async function proposeChange(context: ProposeContext, request: ChangeRequest): Promise<Proposal> {
  const { body } = await requirePublication(context);
  const root = request.under?.next ?? (await readFile(context, "root", body.rootVersion));
  const version = request.role === "root" ? body.rootVersion : versionOf(body.files, "targets");
  const current = await readFile(context, request.role, version);
  const { signed } = parseEnvelope(current, request.role);
  const draft = request.role === "root" ? draftOfRoot(signed) : draftOfTargets(signed);
  for (const one of request.remove) removeKey(draft, one);
  for (const one of request.add) addKey(draft, one, request.role);
  for (const { role, threshold } of request.thresholds) roleOf(draft, role).threshold = threshold;
  for (const [name, role] of draft.roles) requirePossible(name, role, request.role);
  const expires = formatTime(new Date(context.clock.now().getTime() + request.expiryDays * 86_400_000));
  const dated = { ...signed, version: version + 1, expires };
  const next = request.role === "root" ? rootOf(dated, draft, request.policy) : targetsOf(dated, draft);
  const file = utf8Bytes(`${JSON.stringify({ signatures: [], signed: next })}\n`);
  return { role: request.role, root: request.role === "root" ? current : root, current, next: file };
}

function draftOfRoot(signed: JSONObject): Draft {
  parseRoot(signed);
  return {
    keys: { ...(signed.keys as Record<string, JSONObject>) },
    roles: new Map(
      Object.entries(object(signed.roles, "roles")).map(([name, role]) => [name, roleDraft(role)]),
    ),
    names: { ...keyNames(signed) },
    parties: undefined,
  };
}

function draftOfTargets(signed: JSONObject): Draft {
  const { keys, roles } = object(signed.delegations, "delegations") as {
    keys: JSONObject;
    roles: JSONObject[];
  };
  const block = signed["x-rulemint"] as { parties?: Draft["parties"] } | undefined;
  return {
    keys: { ...(keys as Record<string, JSONObject>) },
    roles: new Map(roles.map((role) => [role.name as string, roleDraft(role)])),
    names: { ...keyNames(signed) },
    parties: block?.parties === undefined ? undefined : structuredCloneOf(block.parties),
  };
}

function roleDraft(value: unknown): { keyids: string[]; threshold: number; rest: JSONObject } {
  const { keyids, threshold, ...rest } = value as { keyids: string[]; threshold: number };
  return { keyids: [...keyids], threshold, rest: rest as JSONObject };
}

function removeKey(draft: Draft, { role: name, key }: { role: string; key: string }): void {
  const role = roleOf(draft, name);
  const found = role.keyids.filter(
    (id) => draft.names[id] === key || (key.length >= 8 && id.startsWith(key)),
  );
  const [id, ...others] = found;
  if (id === undefined || others.length > 0) {
    const known = role.keyids.map((one) => draft.names[one] ?? one.slice(0, 16)).join(", ");
    throw new UsageError("USAGE", `expected one key of ${name} (${known}), got ${quote(key)}`);
  }
  role.keyids = role.keyids.filter((one) => one !== id);
  for (const ids of Object.values(draft.parties?.[name] ?? {})) {
    if (ids.includes(id)) ids.splice(ids.indexOf(id), 1);
  }
}

function addKey(
  draft: Draft,
  { role: name, party, name: label, key }: KeyAddition,
  kind: ProposedRole,
): void {
  const role = roleOf(draft, name);
  const id = keyID(key);
  if (role.keyids.includes(id)) {
    throw new UsageError(
      "USAGE",
      `expected a new key for ${name}, got ${quote(label)}, which has it already`,
    );
  }
  if (Object.values(draft.names).includes(label) && draft.names[id] !== label) {
    throw new UsageError("USAGE", `expected a new name for a new key, got ${quote(label)} again`);
  }
  role.keyids.push(id);
  draft.keys[id] = { keytype: key.keytype, scheme: key.scheme, keyval: { public: key.keyval.public } };
  draft.names[id] = label;
  if (kind === "root") return;
  const known = draft.parties?.[name];
  if (party === undefined || known === undefined) {
    throw new UsageError("USAGE", `expected publisher or overseer for a key of ${name}, got neither`);
  }
  known[party].push(id);
}

function roleOf(draft: Draft, name: string) {
  const role = draft.roles.get(name);
  if (role === undefined) {
    throw new UsageError(
      "USAGE",
      `expected one of ${[...draft.roles.keys()].join(", ")}, got ${quote(name)}`,
    );
  }
  return role;
}

function requirePossible(
  name: string,
  role: { keyids: string[]; threshold: number },
  kind: ProposedRole,
): void {
  const { threshold, keyids } = role;
  const least = kind === "targets" ? feedThresholdMin : 1;
  if (!Number.isSafeInteger(threshold) || threshold < least || threshold > keyids.length) {
    throw new PolicyError(
      "RELEASE_STATE",
      `expected a threshold of ${name} from ${least} to its ${keyids.length} keys, got ${threshold}`,
    );
  }
}

function rootOf(dated: JSONObject, draft: Draft, policy: Uint8Array | undefined): JSONObject {
  const before = (dated["x-rulemint"] ?? { schema: 1 }) as JSONObject;
  return {
    ...dated,
    keys: keyTable(draft),
    roles: Object.fromEntries([...draft.roles].map(([name, role]) => [name, roleJSON(role)])),
    "x-rulemint": {
      ...before,
      ...(policy && { policy: policyJSON(policy) }),
      ...namesOf(draft),
    },
  };
}

/** Held against the reader first; then carried over as written. */
function policyJSON(bytes: Uint8Array): JSONObject {
  const checked: SignaturePolicy = parsePolicy(bytes);
  return { ...(parseJSON(bytes) as JSONObject), schema: checked.schema };
}

function targetsOf(dated: JSONObject, draft: Draft): JSONObject {
  const before = (dated["x-rulemint"] ?? { schema: 1 }) as JSONObject;
  return {
    ...dated,
    delegations: {
      ...(dated.delegations as JSONObject),
      keys: keyTable(draft),
      roles: [...draft.roles.values()].map(roleJSON),
    },
    "x-rulemint": {
      ...before,
      ...(draft.parties && { parties: draft.parties }),
      ...namesOf(draft),
    },
  };
}

function roleJSON({
  keyids,
  threshold,
  rest,
}: {
  keyids: string[];
  threshold: number;
  rest: JSONObject;
}): JSONObject {
  return { ...rest, keyids: [...keyids].sort(), threshold };
}

/** Keys that no role names any more are not carried along. */
function keyTable({ keys, roles }: Draft): JSONObject {
  const used = new Set([...roles.values()].flatMap(({ keyids }) => keyids));
  return Object.fromEntries(
    Object.entries(keys)
      .filter(([id]) => used.has(id))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** A root also names keys of targets files; names of former keys stay, so that old files can be read. */
function namesOf({ names }: Draft): JSONObject {
  return Object.keys(names).length === 0 ? {} : { names };
}

function structuredCloneOf(parties: NonNullable<Draft["parties"]>): NonNullable<Draft["parties"]> {
  return JSON.parse(JSON.stringify(parties)) as NonNullable<Draft["parties"]>;
}

function versionOf(files: readonly { role: string; version: number }[], role: string): number {
  const found = files.find((file) => file.role === role);
  if (found === undefined)
    throw new OperationError("STATE_CORRUPT", `expected a published ${role}, got none`);
  return found.version;
}

async function readFile({ tree }: ProposeContext, role: string, version: number): Promise<Uint8Array> {
  const path = metadataPath(role, version);
  const bytes = await tree.read(path);
  if (bytes === undefined)
    throw new OperationError("STORE_FAILED", `expected ${path} in the public tree, got none`);
  return bytes;
}
