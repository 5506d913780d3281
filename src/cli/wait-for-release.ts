/** Follows a release until it is as far as wanted, and says what it does meanwhile. */
import { isErrorCode, PolicyError, quote, type RulemintError, UsageError } from "../core/errors.js";
import type { APIClient, Release } from "./api-client.js";
import type { Call } from "./command.js";
import { errorOf } from "./error-of.js";

const order: readonly Release["state"][] = [
  "queued",
  "built",
  "signed",
  "assayed",
  "sealed",
  "logged",
  "published",
];
const firstPauseMs = 100;
const longestPauseMs = 2000;
/**
 * So often a release that waits for the world is looked at; then its reason is the answer, and the service
 * goes on by itself.
 */
const waitingLooksMax = 8;

const doing: Readonly<Record<Release["state"], string>> = {
  queued: "compiling and packing",
  built: "signing",
  signed: "signed by the publisher",
  assayed: "sealing: signatures and time-stamps",
  sealed: "writing to the log, asking witnesses",
  logged: "publishing",
  published: "published",
  failed: "failed",
};

/**
 * @throws RulemintError with the code that the release names when it failed, waits for a person, or waits
 * too long
 */
export async function waitForRelease(
  { doors, progress }: Call,
  service: APIClient,
  begun: Release,
  wanted: Release["state"],
): Promise<Release> {
  let release = begun;
  let told = "";
  let waiting = 0;
  for (let pause = firstPauseMs; ; pause = Math.min(longestPauseMs, pause * 1.5)) {
    if (release.state === "failed") throw standstill(release);
    if (order.indexOf(release.state) >= order.indexOf(wanted)) return release;
    const line = `release ${release.release}: ${release.waitingFor ?? doing[release.state]}`;
    if (line !== told) progress(line);
    told = line;
    waiting = release.waitingFor === null ? 0 : waiting + 1;
    const forPerson = release.waitingFor !== null && release.retry === null;
    if (forPerson || waiting >= waitingLooksMax) throw standstill(release);
    await doors.pause(pause);
    release = await service.getRelease(release.feed, release.release);
  }
}

/** `TSA_UNAVAILABLE: …` becomes an error of that code, as the service met it. */
function standstill({ release, state, waitingFor }: Release): RulemintError {
  const [, code = "", message = ""] = /^([A-Z0-9_]+): (.*)$/s.exec(waitingFor ?? "") ?? [];
  const details = { release, state };
  if (isErrorCode(code)) return errorOf(code, message, details);
  const said = waitingFor ?? state;
  return new PolicyError("RELEASE_STATE", `expected release ${release} to go on, got ${quote(said)}`, {
    details,
  });
}

/** @throws UsageError NOT_FOUND when the feed has no release yet */
export async function newestRelease(service: APIClient, feed: string): Promise<number> {
  const { newest } = await service.getFeed(feed);
  if (newest === 0) throw new UsageError("NOT_FOUND", `expected a release of ${quote(feed)}, got none yet`);
  return newest;
}
