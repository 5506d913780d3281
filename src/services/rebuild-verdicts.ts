/**
 * Verdicts of everybody who rebuilds: the overseer's beside its signature, and those of any other rebuilder with a token, before a release
 * is published and after. They are kept in the order in which they came and published as they are; whom to believe is for customers to say.
 */
import { type FeedName, type ReleaseNumber, type Sha256Hex, sha256Hex } from "../core/brands.js";
import { equalBytes, hexText } from "../core/encoding/bytes.js";
import type { JSONObject } from "../core/encoding/json.js";
import { parsePEM } from "../core/encoding/pem.js";
import { sha256 } from "../core/encoding/sha256.js";
import { PolicyError, VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import {
  type DSSEEnvelope,
  dsseSigners,
  formatDSSE,
  parseDSSE,
  readDSSE,
} from "../core/trust/attest/dsse.js";
import { keyURI } from "../core/trust/attest/release-subjects.js";
import { isVerdictOn, parseVerdict, sourceMapIn } from "../core/trust/attest/verdict.js";
import { formatVerdictList, verdictsPath } from "../core/trust/attest/verdict-list.js";
import { formatTime, parseEnvelope } from "../core/trust/metadata.js";
import { keyOfPEM } from "../core/trust/rebuild-quorum.js";
import type { ServiceContext } from "./context.js";
import { releaseID, requireRelease, timeText } from "./documents.js";
import type { Identity, ReleaseRecord, RebuildRecord } from "./model.js";
import { logWrites } from "./release-log.js";
import { requireAnyRole, requireRole } from "./roles.js";
import { serially } from "./serially.js";
import { readObject } from "./source-batches.js";

type Stores = Pick<ServiceContext, "records" | "objects" | "tree">;

export interface NewRebuildVerdict {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  /** As it came; read after the role of who sent it. */
  readonly envelope: JSONObject;
  /** PEM, P-256 or Ed25519: by which the envelope is verified. */
  readonly publicKey: string;
}

/**
 * The same verdict by the same key again is no error.
 *
 * @throws PolicyError ROLE_REFUSED, RELEASE_STATE; UsageError NOT_FOUND;
 *   VerificationError ATTESTATION_MALFORMED, ATTESTATION_SIGNATURE, ATTESTATION_MISMATCH, LIMIT_EXCEEDED
 */
export async function addRebuildVerdict(
  context: ServiceContext,
  identity: Identity,
  given: NewRebuildVerdict,
): Promise<RebuildRecord> {
  requireRole(identity, "rebuilder", "overseer");
  const { feed, release } = given;
  const envelope = readDSSE(given.envelope);
  const id = releaseID(feed, release);
  return serially(context.records, `verdicts/${id}`, async () => {
    const { body } = await requireRelease(context.records, feed, release);
    const judged = await judge(context, body, given, envelope);
    const known = await listRecords(context, feed, release);
    const same = known.find((one) => isSame(one, judged));
    const record = same ?? (await keep(context, identity, { feed, release, envelope }, judged, known.length));
    if (body.state === "published") await publishList(context, feed, release);
    return record;
  });
}

/** In the order in which they came. @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND */
export async function listRebuildVerdicts(
  context: Stores,
  identity: Identity,
  { feed, release }: { readonly feed: FeedName; readonly release: ReleaseNumber },
): Promise<RebuildRecord[]> {
  requireAnyRole(identity);
  await requireRelease(context.records, feed, release);
  return listRecords(context, feed, release);
}

/** SPEC §12.5.2: puts the verdicts so far where the world reads them; repeatable, and does nothing when nothing is new. */
export async function publishRebuildVerdicts(
  context: Stores,
  { feed, release }: ReleaseRecord,
): Promise<void> {
  await serially(context.records, `verdicts/${releaseID(feed, release)}`, () =>
    publishList(context, feed, release),
  );
}

async function publishList(context: Stores, feed: FeedName, release: ReleaseNumber): Promise<void> {
  const records = await listRecords(context, feed, release);
  if (records.length === 0) return;
  const verdicts: DSSEEnvelope[] = [];
  for (const { envelopeSha256 } of records)
    verdicts.push(parseDSSE(await readObject(context.objects, envelopeSha256)));
  const path = verdictsPath(feed, release);
  const [before, after] = [await context.tree.read(path), formatVerdictList({ feed, release, verdicts })];
  if (before === undefined || !equalBytes(before, after)) await context.tree.swapHead(path, before, after);
}

type Judged = Pick<
  RebuildRecord,
  "result" | "explanation" | "keySha256" | "signedSha256" | "sourceMapSha256"
>;

/** SPEC §12.5.3: one no, one yes, and one yes that names a source map. */
function isSame(kept: Judged, { keySha256, result, sourceMapSha256: map }: Judged): boolean {
  const named = (kept.sourceMapSha256 === undefined) === (map === undefined);
  return kept.keySha256 === keySha256 && kept.result === result && named;
}

/** SPEC §12.5.3 */
async function judge(
  { objects }: ServiceContext,
  record: ReleaseRecord,
  { feed, release, publicKey }: NewRebuildVerdict,
  envelope: DSSEEnvelope,
): Promise<Judged> {
  if (record.manifestSha256 === null) {
    throw new PolicyError(
      "RELEASE_STATE",
      `expected a release with a manifest, got one that is ${record.state}`,
    );
  }
  const { message } = parseEnvelope(await readObject(objects, record.manifestSha256), "targets");
  const signedSha256 = hexText(await sha256(message)) as Sha256Hex;
  const verdict = parseVerdict(envelope);
  const key = keyOfPEM(publicKey);
  if ((await dsseSigners(envelope, [key])).size === 0) {
    throw new VerificationError(
      "ATTESTATION_SIGNATURE",
      "expected a signature by the key that came with the verdict",
    );
  }
  const [spki] = parsePEM(publicKey, "PUBLIC KEY") as [Uint8Array];
  if (!isVerdictOn(verdict, { feed, release, signedSha256 }) || verdict.verifierID !== (await keyURI(spki))) {
    throw new VerificationError(
      "ATTESTATION_MISMATCH",
      `expected a verdict on release ${release} of ${feed} in the name of its key, got another`,
    );
  }
  const { result, explanation } = verdict;
  const sourceMapSha256 = sourceMapIn(verdict, { feed, release });
  return {
    ...{ result, explanation, signedSha256, ...(sourceMapSha256 && { sourceMapSha256 }) },
    keySha256: sha256Hex(hexText(await sha256(spki))),
  };
}

async function keep(
  context: ServiceContext,
  identity: Identity,
  { feed, release, envelope }: { feed: FeedName; release: ReleaseNumber; envelope: DSSEEnvelope },
  judged: Judged,
  count: number,
): Promise<RebuildRecord> {
  if (count >= limits.verdictsMax) {
    throw new PolicyError(
      "RELEASE_STATE",
      `expected at most ${limits.verdictsMax} verdicts on a release, got one more`,
    );
  }
  const { records, objects, clock } = context;
  const { sha256: stored } = await objects.put([formatDSSE(envelope)]);
  const id = `${releaseID(feed, release)}/${String(count).padStart(4, "0")}`;
  const now = clock.now();
  const at = timeText(now);
  const body: RebuildRecord = {
    feed,
    release,
    by: identity.name,
    at,
    ...judged,
    envelopeSha256: sha256Hex(stored),
  };
  // SPEC §11.7.3: whoever follows the log learns that somebody has spoken, whatever was said.
  const { result, envelopeSha256 } = body;
  const said = { kind: "verdict", time: formatTime(now), feed, release, result, envelopeSha256 } as const;
  const write = { collection: "rebuilds", id, expected: 0, body };
  await records.commit([write, ...logWrites(context, `verdict/${id}`, said)]);
  context.wake();
  return body;
}

async function listRecords(
  { records }: Pick<ServiceContext, "records">,
  feed: FeedName,
  release: ReleaseNumber,
): Promise<RebuildRecord[]> {
  const found = await records.list<RebuildRecord>("rebuilds", { prefix: `${releaseID(feed, release)}/` });
  return found.map(({ body }) => body);
}
