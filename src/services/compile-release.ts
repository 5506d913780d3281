/** From frozen sources to a database and its packs. */
import { OperationError } from "../core/errors.js";
import type { ServiceContext } from "./context.js";
import type { ReleaseRecord } from "./model.js";

export function compileRelease(_: ServiceContext, release: ReleaseRecord): Promise<Partial<ReleaseRecord>> {
  throw new OperationError("STATE_CORRUPT", `expected a compiler for release ${release.release}, got none`);
}
