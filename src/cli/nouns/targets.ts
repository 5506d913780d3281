/** `rulemint targets …`: the offline ceremony of who speaks for a feed. */
import type { AddCommand } from "../command.js";
import { targetsPropose, targetsPublish, targetsShow, targetsSign } from "../commands/ceremony.js";

export const commands: readonly AddCommand[] = [targetsPropose, targetsShow, targetsSign, targetsPublish];
