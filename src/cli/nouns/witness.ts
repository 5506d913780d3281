/** `rulemint witness …`: cosign the checkpoints of logs, each only as the continuation of the last. */
import type { AddCommand } from "../command.js";
import {
  witnessFollow,
  witnessInit,
  witnessServe,
  witnessShow,
  witnessUnfollow,
} from "../commands/witness.js";

export const commands: readonly AddCommand[] = [
  witnessInit,
  witnessServe,
  witnessShow,
  witnessFollow,
  witnessUnfollow,
];
