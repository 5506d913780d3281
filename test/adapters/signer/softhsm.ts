/** SoftHSM2 tokens in a temporary folder. The configuration is set before the library is first loaded in this process. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const softHSMModule = "/usr/lib/softhsm/libsofthsm2.so";
export const haveSoftHSM = existsSync(softHSMModule) && spawnSync("which", ["softhsm2-util"]).status === 0;
if (!haveSoftHSM)
  console.warn("softhsm2 is not installed: the PKCS#11 signer was not tested against a token");

/** The folder that holds the tokens. */
export function createTokens(folder: string, pin: string, ...labels: string[]): string {
  const tokens = join(folder, "tokens");
  mkdirSync(tokens);
  writeFileSync(join(folder, "softhsm2.conf"), `directories.tokendir = ${tokens}\nlog.level = ERROR\n`);
  process.env.SOFTHSM2_CONF = join(folder, "softhsm2.conf");
  for (const label of labels) {
    const args = ["--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", pin];
    execFileSync("softhsm2-util", args, { stdio: "ignore" });
  }
  return tokens;
}
