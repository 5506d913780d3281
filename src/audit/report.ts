/** What an audit says: one step after the other, each proven or refused, with the evidence that a stranger needs to redo it. */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { type ErrorCode, RulemintError } from "../core/errors.js";

export interface AuditStep {
  readonly title: string;
  /** SPEC, TUF or RFC clause. */
  readonly clause: string;
  readonly result: "proven" | "refused";
  /** Sentences with figures: digests, key ids, names, times. */
  readonly evidence: readonly string[];
  readonly code?: ErrorCode;
}

export interface AuditReport {
  readonly schema: 1;
  readonly feed: FeedName;
  readonly release: ReleaseNumber | null;
  /** The reference time of every expiry. */
  readonly at: string;
  readonly verdict: "proven" | "refused";
  readonly steps: readonly AuditStep[];
}

/** Collects steps. The first refusal ends the audit: what comes after it would rest on it. */
export class AuditLog {
  readonly steps: AuditStep[] = [];
  readonly #onStep: (step: AuditStep) => void;

  constructor(onStep: (step: AuditStep) => void = () => undefined) {
    this.#onStep = onStep;
  }

  /** Runs one check. Its evidence is what it returns beside its result. @throws what the check threw, after noting it */
  async step<T>(
    title: string,
    clause: string,
    check: () => Promise<{ evidence: string[]; value: T }>,
  ): Promise<T> {
    try {
      const { evidence, value } = await check();
      this.#add({ title, clause, result: "proven", evidence });
      return value;
    } catch (error) {
      if (error instanceof RulemintError) {
        this.#add({ title, clause, result: "refused", evidence: [error.message], code: error.code });
      }
      throw error;
    }
  }

  #add(step: AuditStep): void {
    this.steps.push(step);
    this.#onStep(step);
  }
}
