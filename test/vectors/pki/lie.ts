/** One bad signature: what is wrong with it and which code it must get. Tests only. */
import type { ErrorCode } from "../../../src/core/errors.js";
import type { SignaturePolicy } from "../../../src/core/pki/model.js";
import type { World } from "./world.js";

export interface Lie {
  /** The directory. */
  readonly name: string;
  readonly code: ErrorCode | "success";
  readonly why: string;
  /** `policy` when it is not the one of all vectors. */
  make(world: World): Promise<{ cms: Uint8Array; policy?: SignaturePolicy }>;
}
