/**
 * The ceremony at the start of a publisher's life: root 1 (who may speak, and which certificates count),
 * targets 1 (who speaks for which feed), and the first snapshot and timestamp, with no release yet. Offline
 * keys are used here and not kept.
 */
import type { FeedName, Sha256Hex } from "../core/brands.js";
import type { SignaturePolicy } from "../core/pki/model.js";
import { metadataPath } from "../core/release/tree-paths.js";
import type { TUFKey } from "../core/trust/model.js";
import { signMetadata, tufKeyOfSigner } from "../issuing/tuf-signatures.js";
import { type RoleGrant, rootSigned, targetsSigned } from "../issuing/tuf.js";
import type { RecordWrite } from "../ports/records.js";
import type { Signer } from "../ports/signer.js";
import { authorityWrites } from "./authority-entries.js";
import type { ServiceContext } from "./context.js";
import type { FeedRecord, PublicationRecord } from "./model.js";
import { publishChange } from "./publication.js";

/**
 * A role whose keys are used at the ceremony. `keys` are those that sign later or elsewhere, the overseer's
 * share for example.
 */
export interface CeremonyRole {
  readonly signers: readonly Signer[];
  readonly keys?: readonly TUFKey[];
  readonly threshold: number;
  readonly expiryDays: number;
}

export interface NewFeed {
  readonly name: FeedName;
  /** Names of rulesets, or "*" for all. */
  readonly rulesets: readonly string[] | "*";
  readonly overseers: readonly TUFKey[];
}

export interface Ceremony {
  readonly root: CeremonyRole;
  readonly targets: CeremonyRole;
  readonly feeds: readonly NewFeed[];
  readonly policy: SignaturePolicy;
  /** What people call the keys, by key id; so that a lost share has a name. */
  readonly names?: Readonly<Record<string, string>>;
}

const dayMs = 86_400_000;

/** SPEC §2.4.1: the publisher and one overseer. */
const feedThreshold = 2;

/**
 * The bytes of root 1, for customers to pin. Again on the same records: what was interrupted is finished, and
 * nothing that was decided is changed.
 *
 * @throws OperationError of signers and stores; VerificationError when a customer would refuse the result
 */
export async function initialisePublisher(context: ServiceContext, ceremony: Ceremony): Promise<Uint8Array> {
  await createRecords(context, ceremony.feeds);
  await publishChange(context, async (state) => {
    if (state.snapshot !== null) return undefined;
    const root = await rootFile(context, ceremony);
    const targets = await targetsFile(context, ceremony);
    const writes = [
      { path: metadataPath("root", 1), sha256: root },
      { path: metadataPath("targets", 1), sha256: targets },
    ];
    return {
      rootVersion: 1,
      writes,
      files: [{ role: "targets", version: 1, sha256: targets }],
      newSnapshot: true,
      release: null,
      entries: await authorityWrites(context, writes, undefined),
    };
  });
  return (await context.tree.read(metadataPath("root", 1))) as Uint8Array;
}

async function createRecords({ records }: ServiceContext, feeds: readonly NewFeed[]): Promise<void> {
  if ((await records.get("publication", "current")) !== undefined) return;
  const publication: PublicationRecord = {
    rootVersion: 1,
    snapshot: null,
    timestamp: null,
    files: [],
    pending: null,
  };
  const writes: RecordWrite[] = feeds.map(({ name, rulesets }) => {
    const body: FeedRecord = { name, rulesets, newest: 0, published: 0 };
    return { collection: "feeds", id: name, expected: 0, body };
  });
  writes.push({ collection: "publication", id: "current", expected: 0, body: publication });
  await records.commit(writes);
}

async function rootFile(
  context: ServiceContext,
  { root, targets, policy, names }: Ceremony,
): Promise<Sha256Hex> {
  const online = (signer: Signer): RoleGrant => ({ keys: [tufKeyOfSigner(signer)], threshold: 1 });
  const signed = rootSigned({
    version: 1,
    expires: expiry(context, root),
    roles: {
      root: grant(root),
      targets: grant(targets),
      snapshot: online(context.snapshot),
      timestamp: online(context.timestamp),
    },
    policy,
    names,
  });
  return keep(context, await signMetadata(signed, root.signers));
}

async function targetsFile(context: ServiceContext, { targets, feeds, names }: Ceremony): Promise<Sha256Hex> {
  const publisher = tufKeyOfSigner(context.publisher);
  const signed = targetsSigned({
    version: 1,
    expires: expiry(context, targets),
    feeds: feeds.map(({ name, overseers }) => ({
      feed: name,
      keys: [publisher, ...overseers],
      threshold: feedThreshold,
      parties: { publisher: [publisher], overseer: overseers },
    })),
    names,
  });
  return keep(context, await signMetadata(signed, targets.signers));
}

function grant({ signers, keys = [], threshold }: CeremonyRole): RoleGrant {
  return { keys: [...signers.map(tufKeyOfSigner), ...keys], threshold };
}

function expiry({ clock }: ServiceContext, { expiryDays }: CeremonyRole): Date {
  return new Date(clock.now().getTime() + expiryDays * dayMs);
}

async function keep({ objects }: ServiceContext, bytes: Uint8Array): Promise<Sha256Hex> {
  return (await objects.put([bytes])).sha256;
}
