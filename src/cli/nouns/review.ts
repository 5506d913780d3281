/** `rulemint review …`: an auditor's visit, and its signed protocol. */
import type { AddCommand } from "../command.js";
import { reviewBegin, reviewEnd, reviewRebuild, reviewVerify } from "../commands/review.js";

export const commands: readonly AddCommand[] = [reviewBegin, reviewRebuild, reviewEnd, reviewVerify];
