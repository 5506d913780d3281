/** `rulemint key …`: keys and the certificates for them. */
import type { AddCommand } from "../command.js";
import { keyCSR, keyCheck, keyGenerate, keyImport, keyShow } from "../commands/key.js";

export const commands: readonly AddCommand[] = [keyGenerate, keyCSR, keyImport, keyShow, keyCheck];
