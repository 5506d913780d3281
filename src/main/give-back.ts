/** What V8 is told: to take little memory and give it back, and to spend its time where it pays. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The HTTP parser is WebAssembly: optimising it takes 40 MiB for a moment, and saves an endpoint's few requests nothing. */
export function keepParserPlain(): void {
  setFlagsFromString("--liftoff-only");
}

/**
 * The analysts' requests come in bursts, and V8 would spend a fifth of a burst's CPU on optimising functions that run for a moment. With
 * ten times its budget it optimises what is really hot: compiling rules takes 10 % less CPU too, and no longer. An endpoint is done with a
 * small delta before optimising anything pays (ADR 0027). Later versions than Node 20's do not know the setting, and would complain on stderr.
 */
export function optimiseLater(): void {
  if (process.versions.v8.startsWith("11.")) setFlagsFromString("--interrupt-budget=700000");
}

/**
 * What an update makes is garbage at once, whatever it does. V8 would give it 48 MiB of room (Node 20; it grows the young generation while
 * anything survives) where 3 do, and caches hold more of those.
 */
export function keepYoungSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

/** For a process that brings an endpoint up to date, before it begins. */
export function tuneForEndpoint(): void {
  keepParserPlain();
  optimiseLater();
  keepYoungSmall();
}

/**
 * A program that loads leaves much behind, and V8 waits for work before it looks: an idle service would hold 30 MB of what was read
 * and compiled at its start. One full collection after the start lets V8's own memory reducer give the pages back, some seconds later.
 */
export function giveBackMemory(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  setFlagsFromString("--no-expose-gc");
  collect();
}
