/**
 * Keeps the lead or waits for it: begins the leader's work when this process comes to lead, ends it when it does not any more, and hears
 * other processes call.
 */
import type { Leadership } from "./leadership.js";
import type { Timer } from "./scheduler.js";

export interface LeadersWork {
  readonly timer: Timer;
  readonly begin: () => Promise<void>;
  /** Everything that only one process may hold is let go of. */
  readonly end: () => Promise<void>;
  readonly wake: () => void;
  readonly onError: (error: unknown, doing: string) => void;
}

const beatsOfLease = 4;
const lookMs = 300;

/** Resolves when it is known who leads; what it gives ends all of it and lays the lead down. */
export async function followLead(leadership: Leadership, work: LeadersWork): Promise<() => Promise<void>> {
  const follower = new Follower(leadership, work);
  await follower.attend();
  follower.keepOn();
  return () => follower.stop();
}

class Follower {
  readonly #leadership: Leadership;
  readonly #work: LeadersWork;
  #term: number | undefined;
  #calls = 0;
  #stopped = false;
  readonly #cancel = new Map<string, () => void>();
  readonly #running = new Map<string, Promise<void>>();

  constructor(leadership: Leadership, work: LeadersWork) {
    this.#leadership = leadership;
    this.#work = work;
  }

  keepOn(): void {
    this.#repeat("keeping the lead", this.#leadership.leaseMs / beatsOfLease, () => this.attend());
    this.#repeat("listening for work", lookMs, () => this.#listen());
  }

  /** The beats go on while the leader's work begins or ends. */
  async attend(): Promise<void> {
    const { onError } = this.#work;
    await this.#leadership.attend().catch((error: unknown) => onError(error, "keeping the lead"));
    const { term } = this.#leadership;
    if (term === this.#term) return;
    const lost = this.#term !== undefined;
    this.#term = term;
    const change = async () => {
      if (lost) await this.#work.end();
      if (term !== undefined && !this.#stopped) await this.#work.begin();
    };
    const before = this.#running.get("changing") ?? Promise.resolve();
    const changed = before.then(change).catch((error: unknown) => onError(error, "changing the lead"));
    this.#running.set("changing", changed);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#cancel.values()) cancel();
    await Promise.all(this.#running.values());
    if (this.#term !== undefined) await this.#work.end();
    await this.#leadership
      .resign()
      .catch((error: unknown) => this.#work.onError(error, "laying the lead down"));
  }

  async #listen(): Promise<void> {
    if (this.#leadership.term === undefined) return;
    const calls = await this.#leadership.calls();
    if (calls !== this.#calls) this.#work.wake();
    this.#calls = calls;
  }

  #repeat(doing: string, ms: number, work: () => Promise<void>): void {
    const again = () => {
      const run = work()
        .catch((error: unknown) => this.#work.onError(error, doing))
        .then(() => {
          if (!this.#stopped) this.#cancel.set(doing, this.#work.timer(ms, again));
        });
      this.#running.set(doing, run);
    };
    this.#cancel.set(doing, this.#work.timer(ms, again));
  }
}
