/** What the trial of an engine has to work with, and what all of them say in the same way. */
import type { EngineTrial } from "../../ports/release-gates.js";
import type { CleanScan } from "./clean-scan.js";

export interface WrittenFile {
  /** Relative to the trial's folder. */
  readonly path: string;
  readonly changed: boolean;
}

export interface Trial {
  readonly folder: string;
  readonly files: readonly WrittenFile[];
  readonly samples: readonly Sample[];
  readonly loads: LoadMemory;
  /** Paths of clean files, of those that are taken. */
  readonly clean: (takes?: (path: string) => boolean) => Promise<readonly string[]>;
}

const loadsMax = 16;

/** Seconds that engines took to load what they did load, by its digest: the same is not loaded again by this process. */
export class LoadMemory {
  readonly #seconds = new Map<string, number>();

  secondsOf(digest: string): number | undefined {
    return this.#seconds.get(digest);
  }

  remember(digest: string, seconds: number): void {
    this.#seconds.set(digest, seconds);
    for (const oldest of this.#seconds.keys())
      if (this.#seconds.size > loadsMax) this.#seconds.delete(oldest);
  }
}

export interface Sample {
  readonly rule: string;
  readonly path: string;
}

export const nothingScanned: CleanScan = { hits: [], scanned: 0 };

export const nothingTried: Omit<EngineTrial, "engine"> = {
  ...{ refusals: [], loadSeconds: 0, missed: [], samples: 0, sampleSeconds: 0 },
  ...{ hits: [], cleanFiles: 0, cleanSeconds: 0 },
};

/** With the time that it took. */
export async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const began = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - began) / 1000 };
}
