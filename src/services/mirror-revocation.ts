/**
 * Keeps the newest revocation data about the publisher's and the time-stamp authority's certificates in the public tree: complete lists
 * and deltas, one file a distribution point and a copy of every number, and one OCSP response a certificate. Something is taken only
 * when it belongs there, a CA of ours or its responder signed it, and it is newer than what is there. The tree itself remembers; a run
 * that was cut off anywhere is simply repeated.
 */
import { base64Bytes, base64Text } from "../core/encoding/bytes.js";
import { RulemintError, VerificationError } from "../core/errors.js";
import { type Certificate, parseCertificate } from "../core/pki/certificate.js";
import { mirroredItems, placePath } from "../core/release/mirrored-revocation.js";
import { deltaPlaces, type RevocationPlace, revocationPlaces } from "../core/release/revocation-places.js";
import type { ServiceContext } from "./context.js";
import { publishedPolicy } from "./published-trust.js";
import { readHead, replaceHead } from "./revocation-heads.js";
import { provenPath } from "./revocation-paths.js";
import { serially } from "./serially.js";

type Paths = readonly (readonly Certificate[])[];
type PathContext = Pick<ServiceContext, "records" | "tree" | "publisherChain" | "clock">;

/** Collection `revocation`, id = mirror name. */
interface PlaceRecord {
  readonly checkedAt: string;
  /** What went wrong last time, for people. */
  readonly failure: string | null;
}

/** Collection `revocation`, id `authority`: the path of the authority that stamped last, DER in base64. */
interface AuthorityRecord {
  readonly path: readonly string[];
}

/** SPEC §6.8.11: a revocation should be seen soon, and a failure mended soon once half of the life of what is there is over. */
const pollMs = { usual: 3_600_000, late: 300_000 };

/** @throws the first failure that leaves a place without data in their time */
export async function mirrorRevocation(context: ServiceContext, when: "when-due" | "at-once"): Promise<void> {
  const [failure] = await mirrorPaths(context, await knownPaths(context), when);
  if (failure !== undefined) throw failure;
}

/** The failures that leave a place without data in their time; whether that matters, the judgement of the paths says. */
export async function mirrorPaths(
  context: ServiceContext,
  paths: Paths,
  when: "when-due" | "at-once",
): Promise<RulemintError[]> {
  const failures: RulemintError[] = [];
  await eachPlace(context, paths, (place) =>
    serially(context.records, `revocation/${place.name}`, async () => {
      if (when === "when-due" && (await dueTime(context, place)) > context.clock.now()) return;
      const failure = await mirrorPlace(context, place);
      const head = await readHead(context, place);
      const inTime = head !== undefined && head.nextUpdate > context.clock.now();
      if (failure !== undefined && !inTime) failures.push(failure);
    }),
  );
  return failures;
}

/** What the tree has about these paths, as it travels. */
export function mirrored({ tree }: Pick<ServiceContext, "tree">, paths: Paths): Promise<Uint8Array[]> {
  return mirroredItems(paths, (path) => tree.read(path));
}

/** When the next look is due. */
export async function revocationDue(context: ServiceContext): Promise<Date> {
  let first = new Date(8.64e15);
  await eachPlace(context, await knownPaths(context), async (place) => {
    const time = await dueTime(context, place);
    if (time < first) first = time;
  });
  return first;
}

/** Remembered, so that the data about an authority are there before its next stamp is. */
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

/** The path of the authority that stamped last, DER in base64, its own first. Empty before the first stamp. */
export async function knownAuthority({
  records,
}: Pick<ServiceContext, "records">): Promise<readonly string[]> {
  return (await records.get<AuthorityRecord>("revocation", "authority"))?.body.path ?? [];
}

/** What stands in the tree, by its file, and when it ends. Nothing about a chain that customers would not follow. */
export async function revocationExpiries(
  context: PathContext,
): Promise<{ readonly name: string; readonly expires: Date }[]> {
  const found: { name: string; expires: Date }[] = [];
  let paths: Paths;
  try {
    paths = await knownPaths(context);
  } catch (error) {
    // An expired certificate says so by itself.
    if (error instanceof VerificationError) return found;
    throw error;
  }
  await eachPlace(context, paths, async (place) => {
    const head = await readHead(context, place);
    if (head !== undefined) found.push({ name: placePath(place), expires: head.nextUpdate });
  });
  return found;
}

async function knownPaths(context: PathContext): Promise<(readonly Certificate[])[]> {
  const { publisherChain, clock } = context;
  const policy = await publishedPolicy(context);
  const chain = publisherChain.map(parseCertificate);
  const paths = [await provenPath(chain, policy, "signer", clock.now())];
  const authority = await knownAuthority(context);
  if (authority.length > 0) paths.push(authority.map((text) => parseCertificate(base64Bytes(text))));
  return paths;
}

/** One after the other, those that the certificates name first, and then the deltas that the lists themselves name. */
async function eachPlace(
  context: Pick<ServiceContext, "tree">,
  paths: Paths,
  visit: (place: RevocationPlace) => Promise<void>,
): Promise<void> {
  const waiting = await revocationPlaces(paths);
  for (const place of waiting) {
    await visit(place);
    if (place.kind !== "complete") continue;
    const list = (await readHead(context, place))?.list;
    for (const delta of list === undefined ? [] : await deltaPlaces(list, place)) {
      if (!waiting.some(({ name }) => name === delta.name)) waiting.push(delta);
    }
  }
}

/** What went wrong, if anything did; what is in the tree stays. */
async function mirrorPlace(
  context: ServiceContext,
  place: RevocationPlace,
): Promise<RulemintError | undefined> {
  let failure: RulemintError | undefined;
  try {
    await replaceHead(context, place);
  } catch (error) {
    if (!(error instanceof RulemintError)) throw error;
    failure = error;
  }
  const { records, clock } = context;
  const before = await records.get<PlaceRecord>("revocation", place.name);
  const said = failure === undefined ? null : `${failure.code}: ${failure.message}`;
  const body: PlaceRecord = { checkedAt: clock.now().toISOString(), failure: said };
  await records.commit([{ collection: "revocation", id: place.name, expected: before?.version ?? 0, body }]);
  return failure;
}

async function dueTime(context: ServiceContext, place: RevocationPlace): Promise<Date> {
  const head = await readHead(context, place);
  const record = await context.records.get<PlaceRecord>("revocation", place.name);
  if (head === undefined && record === undefined) return new Date(0);
  const checkedAt = record === undefined ? 0 : Date.parse(record.body.checkedAt);
  const halfLife = head === undefined ? 0 : (head.thisUpdate.getTime() + head.nextUpdate.getTime()) / 2;
  const isLate = halfLife <= context.clock.now().getTime();
  return new Date(isLate ? checkedAt + pollMs.late : Math.min(checkedAt + pollMs.usual, halfLife));
}
