/** `rulemint access …`: the access log: who did what behind the doors. */
import type { AddCommand } from "../command.js";
import { accessCheck, accessErase, accessList, accessVerify } from "../commands/access.js";

export const commands: readonly AddCommand[] = [accessList, accessCheck, accessVerify, accessErase];
