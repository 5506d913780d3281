/** `rulemint token …`: tokens for programs of one's own. */
import type { AddCommand } from "../command.js";
import { tokenCreate, tokenList, tokenRevoke } from "../commands/token.js";

export const commands: readonly AddCommand[] = [tokenCreate, tokenList, tokenRevoke];
