/** `rulemint records …`: the service's records. */
import type { AddCommand } from "../command.js";
import { recordsLoad } from "../commands/backup.js";

export const commands: readonly AddCommand[] = [recordsLoad];
