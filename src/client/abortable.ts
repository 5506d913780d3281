/**
 * What of an updater's parts does the work, made to stop with a signal: every byte that is judged, unpacked or exported passes a digest, so
 * that is where it stops between two network requests. Steps that must not be torn apart (the swap) digest nothing.
 */
import type { DigestFactory } from "../core/encoding/stream.js";
import type { EndpointEngine } from "../ports/endpoint-engine.js";
import type { UpdaterOptions } from "./model.js";

/** Without a signal, the parts as they are. What stops throws the signal's reason. */
export function abortable(options: UpdaterOptions, signal: AbortSignal | undefined): UpdaterOptions {
  if (signal === undefined) return options;
  signal.throwIfAborted();
  const { digest, engine } = options;
  return {
    ...options,
    digest: abortableDigest(digest, signal),
    ...(engine && { engine: abortableEngine(engine, signal) }),
  };
}

function abortableDigest(factory: DigestFactory, signal: AbortSignal): DigestFactory {
  return () => {
    const digest = factory();
    return {
      update: (bytes) => {
        signal.throwIfAborted();
        digest.update(bytes);
      },
      finish: () => digest.finish(),
    };
  };
}

/** An engine that was killed has said nothing about the release. */
function abortableEngine(engine: EndpointEngine, signal: AbortSignal): EndpointEngine {
  const whole = async <T>(work: Promise<T>): Promise<T> => {
    const answer = await work;
    signal.throwIfAborted();
    return answer;
  };
  return {
    run: (command) => whole(engine.run({ ...command, signal })),
    isListed: (folder, value) => whole(engine.isListed(folder, value)),
  };
}
