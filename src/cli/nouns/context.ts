/** `rulemint context …`: services that one is logged in to. */
import type { AddCommand } from "../command.js";
import { contextList, contextUse } from "../commands/login.js";

export const commands: readonly AddCommand[] = [contextList, contextUse];
