/**
 * Which release this endpoint goes to, among those that are proven: by its owner's choices, by the rings of the signed timestamp, and by
 * what was recalled. Nothing here leads below the release in use, whoever signed the timestamp (SPEC §16.1.7).
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { PolicyError, VerificationError } from "../core/errors.js";
import { type Engine, rangeObjection } from "../core/rules/engine-version.js";
import type { Manifest } from "../core/trust/model.js";
import { everybody, type RingEntry, ringPosition } from "../core/trust/rings.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import type { PublicTreeReader } from "./fetch-file.js";
import { type ChainedManifest, manifestChain } from "./manifest-chain.js";
import type { BadRelease, InstalledRelease } from "./model.js";
import type { RingChoices } from "./ring-choices.js";

export interface ChoiceInput {
  readonly files: EndpointFiles;
  readonly tree: PublicTreeReader;
  readonly now: Date;
  readonly feed: FeedName;
  readonly choices: RingChoices;
  /** Of the feed, in the proven timestamp. */
  readonly ring: RingEntry | undefined;
  readonly newest: Manifest;
  readonly have: InstalledRelease | undefined;
  readonly bad: BadRelease | null | undefined;
  /** Those whose version is known. */
  readonly engines: readonly Engine[];
}

/** `why`: what keeps it from the newest; undefined when that is what it takes. */
export type Choice =
  | { readonly take: ChainedManifest; readonly why?: string }
  | { readonly take?: undefined; readonly why: string };

interface Objection {
  readonly by: "ring" | "owner" | "recall" | "check" | "engine";
  readonly why: string;
}

/** @throws PolicyError RELEASE_UNREACHABLE; VerificationError MANIFEST_CHAIN_BROKEN, METADATA_EXPIRED; OperationError FETCH_* */
export async function chooseRelease(input: ChoiceInput): Promise<Choice> {
  const { have, newest, choices, now } = input;
  const blocked = new Set<string>(newest.block.blocked);
  // SPEC §16.2.4: nobody's choice and nobody's ring keeps an endpoint on what was recalled.
  if (have !== undefined && blocked.has(have.databaseSha256)) return { take: { manifest: newest } };
  if (have !== undefined && isOnHold(choices, now) && have.release < newest.version) {
    return { why: choices.hold === true ? "on hold" : `on hold until ${choices.hold}` };
  }
  const objections: Objection[] = [];
  for await (const link of manifestChain(input.tree, newest, have?.release ?? 0)) {
    const objection = await objectionTo(link.manifest, input, blocked);
    if (objection === undefined || link.manifest.version === have?.release) {
      requireLasting(link.manifest, newest, objections, now);
      return { take: link, ...(objections[0] && { why: objections[0].why }) };
    }
    objections.push(objection);
  }
  const why = objections[0]?.why ?? "nothing to choose from";
  if (have !== undefined) return { why };
  throw new PolicyError("RELEASE_UNREACHABLE", `expected a release that may be used here, got none: ${why}`);
}

async function objectionTo(
  manifest: Manifest,
  { choices, ring, now, feed, files, have, bad, engines }: ChoiceInput,
  blocked: ReadonlySet<string>,
): Promise<Objection | undefined> {
  const { version, block } = manifest;
  // SPEC §16.2.3
  if (blocked.has(block.database.sha256)) return { by: "recall", why: `release ${version} was recalled` };
  // SPEC §16.6.5: unless there is nothing else to run on.
  if (have !== undefined && bad?.databaseSha256 === block.database.sha256)
    return { by: "check", why: `release ${version} ${failureText(bad.code)}: ${bad.code}` };
  const unfit = unfitEngine(block, engines);
  if (unfit !== undefined) return { by: "engine", why: `release ${version} needs ${unfit}` };
  if (ring !== undefined && version > ring.stable) {
    const isTurn = version === ring.candidate && (await isDrawn(files, feed, ring, choices));
    if (!isTurn) return { by: "ring", why: turnText(version, ring, choices) };
  }
  const { pin, delayHours } = choices;
  if (pin !== undefined && version > pin) return { by: "owner", why: `pinned to release ${pin}` };
  if (delayHours === undefined) return undefined;
  const ripe = Date.parse(block.createdAt) + delayHours * 3_600_000;
  if (ripe <= now.getTime()) return undefined;
  return {
    by: "owner",
    why: `release ${version} is younger than ${delayHours} ${delayHours === 1 ? "hour" : "hours"}`,
  };
}

const failureText = (code: string) =>
  code === "BOOT_LOOP" ? "kept an engine here from coming up" : "failed its check here";

/** SPEC §16.9.1 */
function unfitEngine(
  { engines: ranges = {} }: Manifest["block"],
  engines: readonly Engine[],
): string | undefined {
  for (const engine of engines) {
    const need = rangeObjection(engine, ranges[engine.name] ?? {});
    if (need !== undefined) return `${need}, and this endpoint has ${engine.version}`;
  }
  return undefined;
}

/** SPEC §16.1.6, §16.1.8 */
async function isDrawn(
  files: EndpointFiles,
  feed: FeedName,
  { candidate, permille }: RingEntry,
  { turn }: RingChoices,
): Promise<boolean> {
  switch (turn) {
    case "early":
      return permille > 0;
    case "late":
      return permille >= everybody;
    case "stable":
      return false;
    default:
      if (permille === 0 || permille >= everybody) return permille > 0;
      return (await ringPosition(await endpointID(files), feed, candidate)) < permille;
  }
}

function turnText(version: ReleaseNumber, { candidate, permille }: RingEntry, { turn }: RingChoices): string {
  if (version !== candidate) return `release ${version} was never for everybody`;
  if (permille === 0) return `release ${version} is halted`;
  const mine = { drawn: "another", early: "another", late: "the last", stable: "no" }[turn];
  return `release ${version} is for ${permille} of ${everybody} endpoints; this one is in ${mine} ring`;
}

/** SPEC §16.1.9: rings may hold a release back, but a stolen timestamp key cannot make an old one new. The owner's own choice may be old. */
function requireLasting(
  { version, expires }: Manifest,
  newest: Manifest,
  objections: readonly Objection[],
  now: Date,
): void {
  const isOwn = objections.some(({ by }) => by === "owner" || by === "check" || by === "engine");
  if (version === newest.version || isOwn || Date.parse(expires) > now.getTime()) return;
  throw new VerificationError(
    "METADATA_EXPIRED",
    `expected release ${version}, which the rings give everybody, to be in force, got one that expired at ${expires}`,
  );
}

export function isOnHold({ hold }: RingChoices, now: Date): boolean {
  return hold === true || (hold !== undefined && Date.parse(hold) > now.getTime());
}

/** The endpoint's own number, which it tells nobody; made when it is first needed, and made anew when the disk has lost it. */
async function endpointID(files: EndpointFiles): Promise<string> {
  const stored = await files.read("ring-id");
  const text = stored && new TextDecoder().decode(stored);
  if (text !== undefined && /^[0-9a-f]{32}$/.test(text)) return text;
  const id = hexText(crypto.getRandomValues(new Uint8Array(16)));
  await files.write("ring-id", new TextEncoder().encode(id));
  return id;
}
