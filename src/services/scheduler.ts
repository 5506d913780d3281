/**
 * Does what is due without being asked: steps of releases, fresh timestamps and snapshots, the newest
 * revocation lists, renewals of manifests, entries and heartbeats of the log.
 *
 * What is due stands in the records and in the metadata themselves, so a restart forgets nothing and repeats
 * nothing. One run at a time; between runs it sleeps until the next due time or until somebody calls `wake`.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { advanceFeed } from "./advance-release.js";
import { renewRelease } from "./build-release.js";
import type { ServiceContext } from "./context.js";
import { releaseID, releaseWrite, requireFeed, requireRelease } from "./documents.js";
import { heartbeatDue, keepLogAlive } from "./heartbeat.js";
import { accessBeatDue, keepAccessLog } from "./keep-access-log.js";
import { manifestExpiry } from "./manifest-life.js";
import type { FeedRecord, ReleaseRecord } from "./model.js";
import { mirrorRevocation, revocationDue } from "./mirror-revocation.js";
import { publishRebuildVerdicts } from "./rebuild-verdicts.js";
import { attendRollout, rolloutDue } from "./rollout/attend-rollout.js";
import { refreshMetadata, refreshTimes } from "./refresh-metadata.js";
import { makeDueSmallPacks } from "./small-packs.js";

/** Calls back once, after so many milliseconds; gives what cancels it. */
export type Timer = (ms: number, callback: () => void) => () => void;

export interface Scheduler {
  /** Finishes what a former process left, then keeps going. */
  start(): Promise<void>;
  /** There is work now. Safe at any time; before `start` and after `stop` it does nothing. */
  wake(): void;
  /** Resolves when the run under way, if any, has ended. */
  stop(): Promise<void>;
}

export interface SchedulerOptions {
  readonly timer: Timer;
  /** What went wrong, for the log; the work is tried again. */
  readonly onError: (error: unknown, doing: string) => void;
}

const pauseMs = { shortest: 1_000, longest: 3_600_000, afterFailure: 30_000 };
const dayMs = 86_400_000;
const logPollMs = 60_000;

export function createScheduler(context: ServiceContext, options: SchedulerOptions): Scheduler {
  return new RecordScheduler(context, options);
}

class RecordScheduler implements Scheduler {
  readonly #context: ServiceContext;
  readonly #options: SchedulerOptions;
  #state: "stopped" | "idle" | "running" = "stopped";
  #again = false;
  #cancel: () => void = () => undefined;
  #run: Promise<void> = Promise.resolve();
  /** What goes on beside the runs, if anything does. */
  #behind: { readonly end: Promise<void>; readonly stop: () => Promise<void> } | undefined;
  #behindFrom = 0;

  constructor(context: ServiceContext, options: SchedulerOptions) {
    this.#context = context;
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.#state !== "stopped") return;
    await this.#guarded("clearing pauses", () => clearPauses(this.#context));
    this.#state = "idle";
    this.wake();
  }

  wake(): void {
    if (this.#state === "running") this.#again = true;
    if (this.#state !== "idle") return;
    this.#cancel();
    this.#state = "running";
    this.#run = this.#work();
  }

  async stop(): Promise<void> {
    this.#state = "stopped";
    this.#cancel();
    await this.#behind?.stop();
    await this.#behind?.end;
    await this.#run;
  }

  async #work(): Promise<void> {
    let pause: number;
    do {
      this.#again = false;
      let healthy = await this.#guarded("refreshing metadata", () => refreshMetadata(this.#context));
      const kept = await this.#guarded("keeping the access log", () => keepAccessLog(this.#context));
      healthy &&= kept;
      const logged = await this.#guarded("writing the log", () => keepLogAlive(this.#context));
      healthy &&= logged;
      const mirrored = await this.#guarded("mirroring revocation lists", () => this.#mirror());
      healthy &&= mirrored;
      for (const feed of await this.#feeds()) {
        if (this.#stopped()) return;
        const went = await this.#guarded(`releases of ${feed.name}`, () => this.#attend(feed));
        healthy &&= went;
      }
      pause = await this.#pause(healthy);
    } while (this.#again && !this.#stopped());
    if (this.#stopped()) return;
    this.#makeSmallPacks();
    this.#state = "idle";
    this.#cancel = this.#options.timer(pause, () => this.wake());
  }

  /** SPEC §2.5.8: behind the releases, which never wait for it. */
  #makeSmallPacks(): void {
    const { openQuietCodec, clock } = this.#context;
    if (openQuietCodec === undefined || this.#behind !== undefined) return;
    if (clock.now().getTime() < this.#behindFrom) return;
    const codec = openQuietCodec();
    const end = makeDueSmallPacks(this.#context, codec)
      .catch((error: unknown) => {
        // Told to stop, it begins anew when this process leads again.
        if (this.#stopped()) return;
        this.#behindFrom = clock.now().getTime() + pauseMs.longest;
        this.#options.onError(error, "making small packs");
      })
      .finally(async () => {
        this.#behind = undefined;
        await codec.close();
      });
    this.#behind = { end, stop: () => codec.close() };
  }

  async #mirror(): Promise<void> {
    await mirrorRevocation(this.#context, "when-due");
  }

  async #attend(feed: FeedRecord): Promise<void> {
    const newest = await advanceFeed(this.#context, feed.name);
    if (await attendRollout(this.#context, feed.name)) await refreshMetadata(this.#context);
    await this.#publishVerdicts(feed);
    if (newest === undefined || !(await renewalDue(this.#context, feed.name))) return;
    // Its content is public already; what it waits for is the overseer alone.
    const renewal = { by: "scheduler", reason: "the manifest expires soon", publish: true };
    await renewRelease(this.#context, { feed: feed.name, ...renewal });
    await advanceFeed(this.#context, feed.name);
  }

  /** What was kept and not yet shown when a former process died. */
  async #publishVerdicts({ name, published }: FeedRecord): Promise<void> {
    if (published === 0) return;
    const { body } = await requireRelease(this.#context.records, name, published as ReleaseNumber);
    await publishRebuildVerdicts(this.#context, body);
  }

  async #feeds(): Promise<FeedRecord[]> {
    let feeds: FeedRecord[] = [];
    await this.#guarded("listing feeds", async () => {
      feeds = (await this.#context.records.list<FeedRecord>("feeds")).map(({ body }) => body);
    });
    return feeds;
  }

  async #pause(healthy: boolean): Promise<number> {
    if (!healthy) return pauseMs.afterFailure;
    let due = Number.POSITIVE_INFINITY;
    await this.#guarded("planning", async () => {
      due = await nextDue(this.#context);
    });
    const ms = due - this.#context.clock.now().getTime();
    return Math.min(Math.max(ms, pauseMs.shortest), pauseMs.longest);
  }

  #stopped(): boolean {
    return this.#state === "stopped";
  }

  async #guarded(doing: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.#options.onError(error, doing);
      return false;
    }
  }
}

/** A restart is a person's act: whatever a release waited for may have been mended, a wrong PIN too. */
async function clearPauses({ records }: ServiceContext): Promise<void> {
  for (const { body: feed } of await records.list<FeedRecord>("feeds")) {
    const found = await records.get<ReleaseRecord>("releases", releaseID(feed.name, feed.newest));
    if (found === undefined || found.body.waitingFor === null || found.body.state === "failed") continue;
    await records.commit([releaseWrite(found, { ...found.body, waitingFor: null, retry: null })]);
  }
}

async function nextDue(context: ServiceContext): Promise<number> {
  const { snapshot, timestamp } = await refreshTimes(context);
  const times = [snapshot.getTime(), timestamp.getTime(), (await revocationDue(context)).getTime()];
  const beat = await accessBeatDue(context);
  if (beat !== undefined) times.push(beat.getTime());
  const heartbeat = await heartbeatDue(context);
  if (heartbeat !== undefined) {
    // Other processes decide entries too, ceremonies for example, and cannot wake this one.
    times.push(Math.min(heartbeat.getTime(), context.clock.now().getTime() + logPollMs));
  }
  for (const { body: feed } of await context.records.list<FeedRecord>("feeds")) {
    const found = await context.records.get<ReleaseRecord>("releases", releaseID(feed.name, feed.newest));
    const ring = await rolloutDue(context, feed.name);
    if (ring !== undefined) times.push(ring.getTime());
    if (found?.body.retry) times.push(Date.parse(found.body.retry.at));
  }
  return Math.min(...times);
}

/**
 * SPEC §2.5.3: a manifest is renewed while a third of its life is left, because people must still co-sign it.
 */
async function renewalDue(context: ServiceContext, feed: FeedName): Promise<boolean> {
  const { records, clock, settings } = context;
  const { newest, published } = (await requireFeed(records, feed)).body;
  if (published === 0) return false;
  if (newest !== published) {
    // One that failed is not under way; one that waits for somebody must not be overtaken.
    const { body } = await requireRelease(records, feed, newest as ReleaseNumber);
    if (body.state !== "failed") return false;
  }
  const { body } = await requireRelease(records, feed, published as ReleaseNumber);
  const left = (await manifestExpiry(context, body)).getTime() - clock.now().getTime();
  return left < (settings.expiryDays.feed * dayMs) / 3;
}
