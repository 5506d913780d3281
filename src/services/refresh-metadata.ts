/**
 * Signs timestamp and snapshot again while more than half of their life is left to everybody who copied them.
 * Also finishes what an interrupted publication left, so it is the first thing that a restarted service does.
 */
import { parseEnvelope, parseSnapshot, parseTimestamp } from "../core/trust/metadata.js";
import { encodeCanonicalJSON } from "../core/encoding/canonical-json.js";
import { equalBytes } from "../core/encoding/bytes.js";
import { formatRings } from "../core/trust/rings.js";
import { ringTable } from "./rollout/ring-table.js";
import type { ServiceContext } from "./context.js";
import type { MetadataObject, PublishedState } from "./model.js";
import { publishChange } from "./publication.js";
import { requirePublication } from "./published-trust.js";
import { readObject } from "./source-batches.js";

const dayMs = 86_400_000;

export interface RefreshTimes {
  readonly snapshot: Date;
  readonly timestamp: Date;
}

/** Does nothing before it is time, unless it is asked to. @throws OperationError of signers and stores */
export async function refreshMetadata(
  context: ServiceContext,
  options: { readonly force?: boolean } = {},
): Promise<void> {
  await publishChange(context, async (state) => {
    const now = context.clock.now();
    const due = await dueTimes(context, state);
    const newSnapshot = options.force === true || due.snapshot <= now;
    const { rootVersion, files } = state;
    if (!newSnapshot && due.timestamp > now && !(await ringsChanged(context, state))) return undefined;
    return { rootVersion, files, writes: [], newSnapshot, release: null };
  });
}

/** When the next refresh is due. */
export async function refreshTimes(context: ServiceContext): Promise<RefreshTimes> {
  return dueTimes(context, (await requirePublication(context)).body);
}

async function dueTimes(context: ServiceContext, state: PublishedState): Promise<RefreshTimes> {
  const { expiryDays } = context.settings;
  const halfLife = (expires: Date, days: number) => new Date(expires.getTime() - (days * dayMs) / 2);
  const snapshot = await readMetadata(context, state.snapshot, "snapshot");
  const timestamp = await readMetadata(context, state.timestamp, "timestamp");
  const epoch = new Date(0);
  return {
    snapshot: snapshot === undefined ? epoch : halfLife(parseSnapshot(snapshot).expires, expiryDays.snapshot),
    timestamp:
      timestamp === undefined ? epoch : halfLife(parseTimestamp(timestamp).expires, expiryDays.timestamp),
  };
}

/** SPEC §16.4.2: a ring that opened, or a halt, is in the next timestamp at once. */
async function ringsChanged(context: ServiceContext, { timestamp, files }: PublishedState): Promise<boolean> {
  const signed = await readMetadata(context, timestamp, "timestamp");
  const wanted = formatRings(await ringTable(context, files)) ?? {};
  const said = (signed && formatRings(parseTimestamp(signed).rings)) ?? {};
  return !equalBytes(encodeCanonicalJSON(wanted), encodeCanonicalJSON(said));
}

async function readMetadata(
  { objects }: ServiceContext,
  file: MetadataObject | null,
  type: "snapshot" | "timestamp",
) {
  if (file === null) return undefined;
  return parseEnvelope(await readObject(objects, file.sha256), type).signed;
}
