/** What this overseer has signed and said, kept in its own records: one manifest a number, and every verdict that was delivered. */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { PolicyError } from "../core/errors.js";
import type { Envelope } from "../core/trust/metadata.js";
import type { Verdict } from "../ports/staged-releases.js";
import type { AssayContext } from "./model.js";

/** Collection `signed`, id = `<feed>/` and the number in ten digits. */
export interface SignedManifest {
  readonly release: ReleaseNumber;
  /** Of the canonical signed part, which no signature changes. */
  readonly messageSha256: string;
  readonly at: string;
}

/** Collection `verdicts`, id = that of the release, `/` and `messageSha256`, or `unread`. The last word is kept. */
export interface DeliveredVerdict {
  readonly release: ReleaseNumber;
  readonly messageSha256: string | null;
  readonly result: Verdict["result"];
  readonly explanation: string;
  readonly at: string;
}

export interface VerdictOn {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  /** Null when the manifest could not even be read. */
  readonly messageSha256: string | null;
}

export async function messageDigest(envelope: Envelope): Promise<string> {
  return hexText(await sha256(envelope.message));
}

/** Newest first. */
export async function signedBefore(
  { records }: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
): Promise<SignedManifest[]> {
  const signed = await records.list<SignedManifest>("signed", { prefix: `${feed}/` });
  return signed
    .map(({ body }) => body)
    .filter((one) => one.release < release)
    .reverse();
}

/** SPEC §2.4.3: one number, one manifest. @throws PolicyError RELEASE_STATE */
export async function requireOnlyManifest(
  { records }: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
  messageSha256: string,
): Promise<void> {
  const before = await records.get<SignedManifest>("signed", releaseID(feed, release));
  if (before === undefined || before.body.messageSha256 === messageSha256) return;
  throw new PolicyError(
    "RELEASE_STATE",
    `expected release ${release} as it was signed before (${before.body.messageSha256}), got ${messageSha256}`,
  );
}

/** SPEC §10.3.1, §10.3.4: written down before it is signed and delivered. Whatever happens then, this overseer knows what it signed. */
export async function rememberSigned(
  { records, clock }: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
  messageSha256: string,
): Promise<void> {
  const id = releaseID(feed, release);
  if ((await records.get("signed", id)) !== undefined) return;
  const body: SignedManifest = { release, messageSha256, at: clock.now().toISOString() };
  await records.commit([{ collection: "signed", id, expected: 0, body }]);
}

/** SPEC §10.3.2: delivered, then kept. */
export async function deliverVerdict(
  { desk, records, clock, party }: AssayContext,
  { feed, release, messageSha256 }: VerdictOn,
  verdict: Verdict,
): Promise<void> {
  if (party === "overseer") await desk.deliver(feed, release, verdict);
  const { result, explanation } = verdict;
  const id = `${releaseID(feed, release)}/${messageSha256 ?? "unread"}`;
  const before = await records.get<DeliveredVerdict>("verdicts", id);
  const at = clock.now().toISOString();
  const body: DeliveredVerdict = { release, messageSha256, result, explanation, at };
  await records.commit([{ collection: "verdicts", id, expected: before?.version ?? 0, body }]);
}

export function releaseID(feed: FeedName, release: ReleaseNumber): string {
  return `${feed}/${String(release).padStart(10, "0")}`;
}
