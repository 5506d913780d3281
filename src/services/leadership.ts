/**
 * Which of several processes on the same records does what is due: steps of releases, renewals, the logs (SPEC §17.9).
 *
 * The lease is two records. `term` is written when the lead changes hands, and its version is the fencing number: whoever commits
 * as the leader has it checked in the same transaction. `beat` is written again and again by the leader. A follower takes over when
 * it has seen the same beat for a whole lease on its own clock, so the clocks of machines need not agree. A leader that could not
 * beat for three quarters of a lease stops by itself, before anybody may take over.
 */
import { OperationError, RulemintError } from "../core/errors.js";
import type { RecordCheck, Records, StoredRecord } from "../ports/records.js";

export interface LeadershipParts {
  readonly records: Records;
  /** Who we are, for people who look. */
  readonly name: string;
  readonly leaseMs: number;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
}

interface Term {
  /** Null when the leader has laid it down. */
  readonly holder: string | null;
}

const collection = "leadership";
const ids = { term: "term", beat: "beat", wake: "wake" } as const;
const leadShare = 0.75;

export class Leadership {
  readonly #parts: LeadershipParts;
  #lead: { readonly term: number; readonly until: number } | undefined;
  /** The beat that we saw last, and since when. */
  #seen: { readonly beat: number; readonly term: number; readonly since: number } | undefined;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
  }

  get leaseMs(): number {
    return this.#parts.leaseMs;
  }

  /** The fencing number while we lead; undefined otherwise. */
  get term(): number | undefined {
    const lead = this.#lead;
    return lead !== undefined && this.#parts.monotonic() < lead.until ? lead.term : undefined;
  }

  /** @throws OperationError STATE_LOCKED when another process leads, or none */
  require(): number {
    const { term } = this;
    if (term !== undefined) return term;
    throw new OperationError("STATE_LOCKED", "expected to lead this service's processes, got another leader");
  }

  /**
   * SPEC §17.9.2: for a commit of the leader. It fails with RECORD_CONFLICT when somebody else has taken over meanwhile.
   * @throws OperationError STATE_LOCKED
   */
  fence(): RecordCheck[] {
    return [{ collection, id: ids.term, version: this.require() }];
  }

  /** Beats, or takes the lead where it is free. Call it several times in a lease. @throws OperationError STORE_FULL, STORE_FAILED */
  async attend(): Promise<void> {
    const began = this.#parts.monotonic();
    const { term } = this;
    if (term === undefined) this.#lead = undefined;
    const { records } = this.#parts;
    const beat = await records.get(collection, ids.beat);
    if (term !== undefined) return this.#beat(term, beat, began);
    const found = await records.get<Term>(collection, ids.term);
    if (this.#mayTake(found, beat, began)) await this.#take(found, beat, began);
  }

  /** SPEC §17.9.3: the next one need not wait. */
  async resign(): Promise<void> {
    const { term } = this;
    this.#lead = undefined;
    if (term === undefined) return;
    const write = { collection, id: ids.term, expected: term, body: { holder: null } satisfies Term };
    await unlessConflict(this.#parts.records.commit([write]));
  }

  /** There is work for the leader, whoever that is. */
  async callLeader(): Promise<void> {
    const { records } = this.#parts;
    const found = await records.get(collection, ids.wake);
    // Somebody who calls at the same time calls for us too: the leader looks at the records after that.
    await unlessConflict(
      records.commit([{ collection, id: ids.wake, expected: found?.version ?? 0, body: {} }]),
    );
  }

  /** Another number after each call. */
  async calls(): Promise<number> {
    return (await this.#parts.records.get(collection, ids.wake))?.version ?? 0;
  }

  async #beat(term: number, beat: StoredRecord | undefined, began: number): Promise<void> {
    const write = { collection, id: ids.beat, expected: beat?.version ?? 0, body: { term } };
    const done = await unlessConflict(this.#parts.records.commit([write], this.fence()));
    this.#lead = done ? this.#leadFrom(term, began) : undefined;
  }

  #mayTake(found: StoredRecord<Term> | undefined, beat: StoredRecord | undefined, now: number): boolean {
    if (found === undefined || found.body.holder === null) return true;
    const seen = this.#seen;
    const [term, count] = [found.version, beat?.version ?? 0];
    if (seen?.term !== term || seen.beat !== count) {
      this.#seen = { term, beat: count, since: now };
      return false;
    }
    return now - seen.since >= this.#parts.leaseMs;
  }

  async #take(
    found: StoredRecord<Term> | undefined,
    beat: StoredRecord | undefined,
    began: number,
  ): Promise<void> {
    const term = (found?.version ?? 0) + 1;
    const holder: Term = { holder: this.#parts.name };
    const done = await unlessConflict(
      this.#parts.records.commit([
        { collection, id: ids.term, expected: term - 1, body: holder },
        { collection, id: ids.beat, expected: beat?.version ?? 0, body: { term } },
      ]),
    );
    this.#seen = undefined;
    if (done) this.#lead = this.#leadFrom(term, began);
  }

  #leadFrom(term: number, began: number): { term: number; until: number } {
    return { term, until: began + this.#parts.leaseMs * leadShare };
  }
}

/** Commits of the leader carry its fencing number; where nobody leads, there is nothing to carry. */
export function fenceOf({ leadership }: { readonly leadership?: Leadership }): RecordCheck[] {
  return leadership?.fence() ?? [];
}

async function unlessConflict(commit: Promise<void>): Promise<boolean> {
  try {
    await commit;
    return true;
  } catch (error) {
    if (error instanceof RulemintError && error.code === "RECORD_CONFLICT") return false;
    throw error;
  }
}
