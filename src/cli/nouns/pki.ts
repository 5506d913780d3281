/** `rulemint pki …`: judge certificates and signatures, by themselves. */
import type { AddCommand } from "../command.js";
import { pkiVerifyCMS } from "../commands/pki-verify-cms.js";
import { pkiVerify } from "../commands/pki-verify.js";

export const commands: readonly AddCommand[] = [pkiVerify, pkiVerifyCMS];
