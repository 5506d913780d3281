/** Resolves when this process is asked to stop. */
import { once } from "node:events";

export async function stopSignal(): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  await Promise.race(["SIGINT", "SIGTERM"].map((name) => once(process, name, { signal })));
  stop.abort();
}
