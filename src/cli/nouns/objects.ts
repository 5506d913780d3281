/** `rulemint objects …`: the service's objects and public tree. */
import type { AddCommand } from "../command.js";
import { objectsLoad } from "../commands/backup.js";

export const commands: readonly AddCommand[] = [objectsLoad];
