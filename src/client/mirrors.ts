/**
 * Several servers of one tree, in the order in which they are asked, and what is remembered of them: for each object, not for each
 * host. A mirror that lacks one file, or serves it spoiled, is passed over for this file while another one has it.
 */
import { OperationError, RulemintError, VerificationError, quote } from "../core/errors.js";
import { formatTime } from "../core/trust/metadata.js";

/** One object at one mirror, and until when it is not asked for there. */
export interface PassedOver {
  readonly path: string;
  readonly url: string;
  readonly until: string;
  /** The server asked for the pause; otherwise the mirror is merely asked last. */
  readonly asked: boolean;
}

/** SPEC §8.3.5 */
const passedOverSeconds = 3600;
const pauseSecondsMax = 86_400;
const rememberedMax = 64;

export class Mirrors {
  readonly urls: readonly string[];
  readonly #now: Date;
  #passedOver: PassedOver[];

  constructor(urls: readonly string[], remembered: readonly PassedOver[], now: Date) {
    this.urls = urls.map((url) => url.replace(/\/+$/, ""));
    this.#now = now;
    const latest = now.getTime() + pauseSecondsMax * 1000;
    // A clock that was set back must not make a pause of an hour one of years.
    this.#passedOver = remembered.filter(
      ({ until }) => Date.parse(until) > now.getTime() && Date.parse(until) <= latest,
    );
  }

  /** For `state.json`: what still counts, the newest. */
  get remembered(): readonly PassedOver[] {
    return this.#passedOver.slice(-rememberedMax);
  }

  /**
   * Asks one mirror after the other until `work` is content. What the first said is the answer when all fail, but what was wrong counts
   * more than what was not there. `first` is asked before the others.
   *
   * @throws OperationError FETCH_DEFERRED when every mirror asked to be left alone; what `work` throws
   */
  async each<T>(path: string, work: (url: string) => Promise<T>, first?: string): Promise<T> {
    const failures: { url: string; error: RulemintError }[] = [];
    for (const url of this.#order(path, first)) {
      try {
        const result = await work(url);
        for (const one of failures) this.#passOver(path, one.url, passedOverSeconds, false);
        return result;
      } catch (error) {
        if (!mayBeMirror(error)) throw error;
        failures.push({ url, error });
        const seconds = retryAfterSeconds(error.details.retryAfter, this.#now);
        if (seconds !== undefined) this.#passOver(path, url, seconds, true);
      }
    }
    const errors = failures.map(({ error }) => error);
    throw (
      errors.find((error) => error instanceof VerificationError) ??
      errors.find(({ code }) => code === "FETCH_NOT_FOUND") ??
      errors[0]
    );
  }

  /** In their order, those that are passed over last; those that asked for a pause not at all. */
  #order(path: string, first: string | undefined): readonly string[] {
    const known = this.#passedOver.filter((one) => one.path === path);
    const pause = (url: string) => known.find((one) => one.url === url && one.asked);
    const free = this.urls.filter((url) => pause(url) === undefined);
    if (free.length === 0) {
      const until = known.filter(({ asked }) => asked).map((one) => one.until);
      const first = until.sort()[0] as string;
      const message = `expected ${quote(path)}, got servers that want to be asked after ${first}`;
      throw new OperationError("FETCH_DEFERRED", message, { details: { until: first } });
    }
    const place = (url: string) => (url === first ? 0 : known.some((one) => one.url === url) ? 2 : 1);
    return free.toSorted((a, b) => place(a) - place(b));
  }

  #passOver(path: string, url: string, seconds: number, asked: boolean): void {
    this.#passedOver = this.#passedOver.filter((one) => one.path !== path || one.url !== url || one.asked);
    if (this.#passedOver.some((one) => one.path === path && one.url === url)) return;
    const until = formatTime(new Date(this.#now.getTime() + seconds * 1000));
    this.#passedOver.push({ path, url, until, asked });
  }
}

/** Another server may do better. A log with two histories is one wherever its proof came from. */
function mayBeMirror(error: unknown): error is RulemintError {
  if (error instanceof VerificationError) return error.code !== "LOG_FORK";
  return error instanceof RulemintError && /^FETCH_/.test(error.code);
}

/** RFC 9110 §10.2.3: seconds or a date; at most a day. Undefined when the server said nothing of use. */
export function retryAfterSeconds(header: unknown, now: Date): number | undefined {
  if (typeof header !== "string") return undefined;
  const text = header.trim();
  const isCount = /^\d{1,9}$/.test(text);
  // Only the date of RFC 9110: `Date.parse` takes much else for one.
  if (!isCount && !/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text))
    return undefined;
  const seconds = isCount ? Number(text) : Math.ceil((Date.parse(text) - now.getTime()) / 1000);
  return seconds >= 1 ? Math.min(seconds, pauseSecondsMax) : undefined;
}
