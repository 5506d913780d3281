/** Programs of an endpoint share their machine with work that matters more to its owner: they take little memory, and give it back. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** The HTTP parser is WebAssembly: optimising it takes 40 MiB for a moment, and saves an endpoint's few requests nothing. */
export function keepParserPlain(): void {
  setFlagsFromString("--liftoff-only");
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
