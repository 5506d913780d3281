/**
 * Keeps the newest revocation lists of the publisher's and the time-stamp authority's CAs in the public tree, one file a
 * distribution point and a copy of every number. A list is taken only when a CA of ours signed it and it is newer than what is
 * there. The tree itself remembers; a run that was cut off anywhere is simply repeated.
 */
import { base64Bytes, base64Text } from "../core/encoding/bytes.js";
import { RulemintError, VerificationError } from "../core/errors.js";
import { authenticLists } from "../core/pki/authentic-lists.js";
import { type Certificate, parseCertificate } from "../core/pki/certificate.js";
import { parseCRL, type RevocationList } from "../core/pki/crl.js";
import { isNewer } from "../core/pki/revocation-data.js";
import { publishedPoints } from "../core/pki/revocation-points.js";
import { revocationCopyPath, revocationPath } from "../core/release/tree-paths.js";
import type { RevocationPoint } from "../ports/revocation-source.js";
import type { ServiceContext } from "./context.js";
import { publishedPolicy } from "./published-trust.js";
import { provenPath } from "./revocation-paths.js";
import { serially } from "./serially.js";

/** Collection `revocation`, id = mirror name. */
interface PointRecord {
  readonly checkedAt: string;
  /** What went wrong last time, for people. */
  readonly failure: string | null;
}

/** Collection `revocation`, id `authority`: the path of the authority that stamped last, DER in base64. */
interface AuthorityRecord {
  readonly path: readonly string[];
}

/** SPEC §6.8.11: a revocation should be seen soon, and a failure mended soon once half of a list's life is over. */
const pollMs = { usual: 3_600_000, late: 300_000 };

/** @throws the first failure that leaves a point without a list in its time */
export async function mirrorRevocation(context: ServiceContext, when: "when-due" | "at-once"): Promise<void> {
  await mirrorPaths(context, await knownPaths(context), when);
}

export async function mirrorPaths(
  context: ServiceContext,
  paths: readonly (readonly Certificate[])[],
  when: "when-due" | "at-once",
): Promise<void> {
  const failures: unknown[] = [];
  for (const point of await publishedPoints(paths)) {
    await serially(context.records, `revocation/${point.name}`, async () => {
      if (when === "when-due" && (await dueTime(context, point)) > context.clock.now()) return;
      const failure = await mirrorPoint(context, point, paths);
      const head = await readHead(context, point);
      const inTime = head !== undefined && head.nextUpdate > context.clock.now();
      if (failure !== undefined && !inTime) failures.push(failure);
    });
  }
  if (failures.length > 0) throw failures[0];
}

/** The lists of these paths as they stand in the tree, DER. */
export async function mirroredLists(
  { tree }: Pick<ServiceContext, "tree">,
  paths: readonly (readonly Certificate[])[],
): Promise<Uint8Array[]> {
  const points = await publishedPoints(paths);
  const found = await Promise.all(points.map(({ name }) => tree.read(revocationPath(name))));
  return found.filter((list) => list !== undefined);
}

/** When the next look is due. */
export async function revocationDue(context: ServiceContext): Promise<Date> {
  const points = await publishedPoints(await knownPaths(context));
  const times = await Promise.all(points.map((point) => dueTime(context, point)));
  return times.reduce((first, time) => (time < first ? time : first), new Date(8.64e15));
}

/** Remembered, so that the lists of an authority are there before its next stamp is. */
export async function rememberAuthority(
  { records }: ServiceContext,
  path: readonly Certificate[],
): Promise<void> {
  const body: AuthorityRecord = { path: path.map(({ der }) => base64Text(der)) };
  await serially(records, "revocation/authority", async () => {
    const found = await records.get<AuthorityRecord>("revocation", "authority");
    if (found !== undefined && JSON.stringify(found.body) === JSON.stringify(body)) return;
    await records.commit([
      { collection: "revocation", id: "authority", expected: found?.version ?? 0, body },
    ]);
  });
}

async function knownPaths(context: ServiceContext): Promise<(readonly Certificate[])[]> {
  const { records, publisherChain, clock } = context;
  const policy = await publishedPolicy(context);
  const chain = publisherChain.map(parseCertificate);
  const paths = [await provenPath(chain, policy, "signer", clock.now())];
  const authority = await records.get<AuthorityRecord>("revocation", "authority");
  if (authority !== undefined) {
    paths.push(authority.body.path.map((text) => parseCertificate(base64Bytes(text))));
  }
  return paths;
}

/** What went wrong, if anything did; what is in the tree stays. */
async function mirrorPoint(
  context: ServiceContext,
  point: RevocationPoint,
  paths: readonly (readonly Certificate[])[],
): Promise<RulemintError | undefined> {
  let failure: RulemintError | undefined;
  try {
    await takeNewest(context, point, paths);
  } catch (error) {
    if (!(error instanceof RulemintError)) throw error;
    failure = error;
  }
  const { records, clock } = context;
  const before = await records.get<PointRecord>("revocation", point.name);
  const said = failure === undefined ? null : `${failure.code}: ${failure.message}`;
  const body: PointRecord = { checkedAt: clock.now().toISOString(), failure: said };
  await records.commit([{ collection: "revocation", id: point.name, expected: before?.version ?? 0, body }]);
  return failure;
}

async function takeNewest(
  context: ServiceContext,
  point: RevocationPoint,
  paths: readonly (readonly Certificate[])[],
): Promise<void> {
  const head = await readHead(context, point);
  const der = await context.revocation.fetch(point, head?.der);
  const list = parseCRL(der);
  // SPEC §6.8.9: never back to an older list, wherever it comes from.
  if (head !== undefined && !isNewer(list, head)) return;
  if ((await authenticLists([der], paths)).length === 0) {
    throw new VerificationError(
      "REVOCATION_UNTRUSTED",
      `expected a list ${point.name} signed by a CA of ours, got another`,
    );
  }
  await context.tree.putImmutable(revocationCopyPath(point.name, list.number), der);
  await context.tree.swapHead(revocationPath(point.name), head?.der, der);
}

async function readHead(
  { tree }: ServiceContext,
  { name }: RevocationPoint,
): Promise<RevocationList | undefined> {
  const bytes = await tree.read(revocationPath(name));
  return bytes === undefined ? undefined : parseCRL(bytes);
}

async function dueTime(context: ServiceContext, point: RevocationPoint): Promise<Date> {
  const head = await readHead(context, point);
  const record = await context.records.get<PointRecord>("revocation", point.name);
  if (head === undefined && record === undefined) return new Date(0);
  const checkedAt = record === undefined ? 0 : Date.parse(record.body.checkedAt);
  const halfLife = head === undefined ? 0 : (head.thisUpdate.getTime() + head.nextUpdate.getTime()) / 2;
  const isLate = halfLife <= context.clock.now().getTime();
  return new Date(isLate ? checkedAt + pollMs.late : Math.min(checkedAt + pollMs.usual, halfLife));
}
