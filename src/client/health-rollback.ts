/** Back from a release that does not live here, without a network, and how it is remembered (SPEC §16.6.4 to §16.6.6). */
import type { DigestFactory } from "../core/encoding/stream.js";
import type { PolicyError } from "../core/errors.js";
import type { EndpointStore } from "../ports/endpoint-store.js";
import { databaseDigest, swapDatabase } from "./holdings.js";
import type { BadRelease, EndpointState, InstalledRelease } from "./model.js";
import { blockedBy } from "./recall.js";
import type { StateKeeper } from "./state.js";

export interface RollbackInput {
  readonly state: StateKeeper;
  readonly store: EndpointStore;
  readonly digest: DigestFactory;
}

/**
 * The release that is in use again; undefined when there is no sound one to go back to, and then nothing has changed. Engines still have
 * what they had: their files are made after this.
 */
export async function leaveRelease(
  { state, store, digest }: RollbackInput,
  { code }: PolicyError,
): Promise<InstalledRelease | undefined> {
  const { installed, previous, held } = state.now;
  if (installed === null || previous === null) return undefined;
  if ((await databaseDigest(store.databases, "previous", digest)) !== previous.databaseSha256)
    return undefined;
  if ((await blockedBy(store.files, previous)) !== undefined) return undefined;
  const bad: BadRelease = { release: installed.release, databaseSha256: installed.databaseSha256, code };
  // One write says both, so no crash comes between.
  await swapDatabase(state, { installed: previous, previous: null, held, bad }, () =>
    store.databases.restore(),
  );
  return previous;
}

/** SPEC §16.6.5: a higher release with another database ends the memory. */
export function stillBad(bad: EndpointState["bad"], wanted: InstalledRelease): BadRelease | null {
  if (bad == null) return null;
  return wanted.release > bad.release && wanted.databaseSha256 !== bad.databaseSha256 ? null : bad;
}
