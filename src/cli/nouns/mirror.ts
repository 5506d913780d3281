/** `rulemint mirror …`: copies of a publisher's public tree. */
import type { AddCommand } from "../command.js";
import { mirrorSync } from "../commands/mirror-sync.js";

export const commands: readonly AddCommand[] = [mirrorSync];
