/**
 * Takes a release as many steps forward as it can go: compile, sign, (the overseer), seal, log, publish.
 *
 * Every step starts from what the records say and ends with one commit, so a service that is killed anywhere
 * starts the step again and nothing else. When the world fails, the release stays where it is and says what
 * it waits for.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { RulemintError } from "../core/errors.js";
import type { RecordWrite } from "../ports/records.js";
import type { SpanFacts } from "../ports/tracer.js";
import { compileRelease } from "./compile-release.js";
import type { ServiceContext } from "./context.js";
import { releaseWrite, requireFeed, requireRelease, timeText, type Versioned } from "./documents.js";
import { manifestExpiry, mayBePublic } from "./manifest-life.js";
import type { ReleaseRecord } from "./model.js";
import { gateRelease } from "./gate-release.js";
import { fenceOf } from "./leadership.js";
import { logRelease } from "./log-release.js";
import { measure } from "./metrics.js";
import { putIntoTree } from "./put-into-tree.js";
import { sealRelease } from "./seal-release.js";
import { serially } from "./serially.js";
import { signRelease } from "./sign-release.js";
import { traced } from "./trace-calls.js";

/** Gives what of the record changes; the next state among it. */
export type ReleaseStep = (
  context: ServiceContext,
  release: ReleaseRecord,
) => Promise<Partial<ReleaseRecord>>;

const pauseMs = { first: 5_000, longest: 300_000 };

/** Undefined when the release waits for somebody, or is at its end. */
function nextStep(release: ReleaseRecord): ReleaseStep | undefined {
  if (release.state === "queued") return compileRelease;
  // SPEC §17.6.1: nothing is signed that has not passed the gates.
  if (release.state === "built") return release.gates === undefined ? gateRelease : signRelease;
  if (release.publication === null) return undefined;
  if (release.state === "assayed") return sealRelease;
  if (release.state === "sealed") return logRelease;
  if (release.state === "logged") return putIntoTree;
  return undefined;
}

/** Nothing failed, or its pause is over. */
function isDue(release: ReleaseRecord, now: Date): boolean {
  if (release.waitingFor === null) return true;
  return release.retry !== null && Date.parse(release.retry.at) <= now.getTime();
}

/** The newest release of the feed, after all steps that could be taken. Undefined when the feed has none. */
export async function advanceFeed(
  context: ServiceContext,
  feed: FeedName,
): Promise<ReleaseRecord | undefined> {
  return serially(context.records, `release/${feed}`, async () => {
    const { body } = await requireFeed(context.records, feed);
    if (body.newest === 0) return undefined;
    for (;;) {
      const before = await requireRelease(context.records, feed, body.newest as ReleaseNumber);
      const expired = await expiredUnseen(context, before.body);
      if (expired !== undefined) return endRelease(context, before, expired);
      const step = nextStep(before.body);
      if (step === undefined || !isDue(before.body, context.clock.now())) return before.body;
      await takeStep(context, step, before);
    }
  });
}

/**
 * SPEC §2.5.7: nobody accepts a manifest that expired before it was public, so its release ends and makes room for
 * the next. Why, or undefined while there is hope, and when the tree may hold some of it already.
 */
async function expiredUnseen(context: ServiceContext, release: ReleaseRecord): Promise<string | undefined> {
  if (!["signed", "assayed", "sealed", "logged"].includes(release.state)) return undefined;
  const expires = await manifestExpiry(context, release);
  if (expires > context.clock.now() || (await mayBePublic(context, release))) return undefined;
  const waited = release.waitingFor === null ? "" : `; it waited for ${release.waitingFor}`;
  return `METADATA_EXPIRED: expected publication before ${timeText(expires)}, got none${waited}`;
}

async function endRelease(
  { records }: ServiceContext,
  before: Versioned<ReleaseRecord>,
  waitingFor: string,
): Promise<ReleaseRecord> {
  const body: ReleaseRecord = { ...before.body, state: "failed", waitingFor, retry: null };
  await records.commit([releaseWrite(before, body)]);
  return body;
}

async function takeStep(
  context: ServiceContext,
  step: ReleaseStep,
  before: Versioned<ReleaseRecord>,
): Promise<void> {
  const began = context.clock.now().getTime();
  let change: Partial<ReleaseRecord>;
  let unexpected: unknown;
  try {
    change = {
      waitingFor: null,
      retry: null,
      ...(await traced(context, ...spanOf(before.body), () => step(context, before.body))),
    };
  } catch (error) {
    change = afterFailure(before.body, error, context.clock.now());
    if (!(error instanceof RulemintError)) unexpected = error;
  }
  const after = { ...before.body, ...change };
  const writes = [releaseWrite(before, after)];
  if (after.state === "published") writes.push(await publishedWrite(context, after));
  // SPEC §17.9.2: a step that somebody else has taken over meanwhile changes nothing.
  const done = await commitStep(context, writes);
  if (done) measureStep(context, before.body, after, began);
  if (unexpected !== undefined) throw unexpected;
}

/** A step's name is the state that it ends, gates aside: they keep it. */
function spanOf({ feed, release, state, gates }: ReleaseRecord): [string, SpanFacts] {
  const gate = state === "built" && gates === undefined;
  const name = gate ? "release gates" : `release after ${state}`;
  return [name, { "rulemint.feed": feed, "rulemint.release": release }];
}

/** False when another process changed the release meanwhile: people's answers come to any of them. The step is taken anew. */
async function commitStep(context: ServiceContext, writes: readonly RecordWrite[]): Promise<boolean> {
  try {
    await context.records.commit(writes, fenceOf(context));
    return true;
  } catch (error) {
    const conflict = error instanceof RulemintError && error.code === "RECORD_CONFLICT";
    if (!conflict || context.leadership?.term === undefined) throw error;
    return false;
  }
}

function measureStep(
  context: ServiceContext,
  { feed, state }: ReleaseRecord,
  after: ReleaseRecord,
  began: number,
): void {
  const seconds = (since: number) => (context.clock.now().getTime() - since) / 1000;
  const outcome = after.waitingFor === null ? "ok" : after.state === "failed" ? "failed" : "waits";
  const labels = { feed, step: outcome === "ok" ? after.state : `after-${state}`, outcome };
  measure(context, "rulemint_release_step_seconds", labels, seconds(began));
  if (after.state !== "published") return;
  measure(context, "rulemint_release_seconds", { feed }, seconds(Date.parse(after.createdAt)));
}

async function publishedWrite({ records }: ServiceContext, { feed, release }: ReleaseRecord) {
  const { body, version } = await requireFeed(records, feed);
  return { collection: "feeds", id: feed, expected: version, body: { ...body, published: release } };
}

/** Sources that do not compile end the release. Everything else can be mended and is tried again. */
function afterFailure(release: ReleaseRecord, error: unknown, now: Date): Partial<ReleaseRecord> {
  const known = error instanceof RulemintError;
  const waitingFor = known ? `${error.code}: ${error.message}` : "INTERNAL: the step failed unexpectedly";
  const code = known ? error.code : "INTERNAL";
  if (code === "RULES_INVALID" || code === "RULE_CONFLICT")
    return { state: "failed", waitingFor, retry: null };
  // Trying a wrong PIN again may lock the token for good: a person must act first.
  if (code === "SIGNER_PIN") return { waitingFor, retry: null };
  const attempts = (release.retry?.attempts ?? 0) + 1;
  const pause = Math.min(pauseMs.first * 2 ** (attempts - 1), pauseMs.longest);
  return { waitingFor, retry: { at: timeText(new Date(now.getTime() + pause)), attempts } };
}
