/** `rulemint rule …`: where the rules of a release come from. */
import type { AddCommand } from "../command.js";
import { ruleExplain } from "../commands/rule-explain.js";
import { ruleHistory } from "../commands/rule-history.js";
import { ruleQuarantine } from "../commands/rule-quarantine.js";

export const commands: readonly AddCommand[] = [ruleExplain, ruleHistory, ruleQuarantine];
