/** `rulemint config …`: the service's configuration. */
import type { AddCommand } from "../command.js";
import { configCheck } from "../commands/backup.js";

export const commands: readonly AddCommand[] = [configCheck];
