/** `rulemint root …`: the offline ceremony of who may speak, for keyholders. */
import type { AddCommand } from "../command.js";
import { rootPropose, rootPublish, rootShow, rootSign } from "../commands/ceremony.js";

export const commands: readonly AddCommand[] = [rootPropose, rootShow, rootSign, rootPublish];
