/** Waits in an answer that is under way. */
import type { Response } from "express";

/** Resolves after so long: true; false as soon as the caller has gone, or the service stops. */
export function pauseAnswer(ms: number, response: Response, stopping?: AbortSignal): Promise<boolean> {
  if (response.closed || response.destroyed || stopping?.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const over = (answer: boolean) => () => {
      clearTimeout(timer);
      response.off("close", gone);
      stopping?.removeEventListener("abort", gone);
      resolve(answer);
    };
    const gone = over(false);
    const timer = setTimeout(over(true), ms);
    response.once("close", gone);
    stopping?.addEventListener("abort", gone, { once: true });
  });
}
