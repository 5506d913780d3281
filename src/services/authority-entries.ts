/** What the log says when it changes who may speak: each new root, each new targets, and each new signature policy. */
import { sha256Hex } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { encodeCanonicalJSON } from "../core/encoding/canonical-json.js";
import { isJSONObject } from "../core/encoding/json.js";
import { sha256 } from "../core/encoding/sha256.js";
import { formatTime, parseEnvelope } from "../core/trust/metadata.js";
import type { RecordWrite } from "../ports/records.js";
import type { ServiceContext } from "./context.js";
import type { TreeWrite } from "./model.js";
import { logWrites } from "./release-log.js";
import { readObject } from "./source-batches.js";

/** SPEC §11.7.3: to be committed with the publication that holds `writes`. `before` is the root in force, if there is one. */
export async function authorityWrites(
  context: ServiceContext,
  writes: readonly TreeWrite[],
  before: Uint8Array | undefined,
): Promise<RecordWrite[]> {
  const time = formatTime(context.clock.now());
  const entries: RecordWrite[] = [];
  for (const { path, sha256 } of writes) {
    const [, version, kind] = /^metadata\/(\d+)\.(root|targets)\.json$/.exec(path) ?? [];
    if (kind !== "root" && kind !== "targets") continue;
    const id = `${kind}/${String(version).padStart(10, "0")}`;
    entries.push(...logWrites(context, id, { kind, time, version: Number(version), sha256 }));
    if (kind === "root") {
      const next = await readObject(context.objects, sha256);
      entries.push(...(await policyWrites(context, { time, version: Number(version), before, next })));
    }
  }
  return entries;
}

async function policyWrites(
  context: ServiceContext,
  change: {
    readonly time: string;
    readonly version: number;
    readonly before: Uint8Array | undefined;
    readonly next: Uint8Array;
  },
): Promise<RecordWrite[]> {
  const policy = await policyDigest(change.next);
  if (policy === undefined) return [];
  if (change.before !== undefined && policy === (await policyDigest(change.before))) return [];
  const id = `policy/${String(change.version).padStart(10, "0")}`;
  const entry = { time: change.time, rootVersion: change.version, sha256: sha256Hex(policy) };
  return logWrites(context, id, { kind: "policy", ...entry });
}

/** Of the policy as it stands in the root, in canonical form. */
async function policyDigest(root: Uint8Array): Promise<string | undefined> {
  const block = parseEnvelope(root, "root").signed["x-rulemint"];
  if (!isJSONObject(block) || block.policy === undefined) return undefined;
  return hexText(await sha256(encodeCanonicalJSON(block.policy)));
}
