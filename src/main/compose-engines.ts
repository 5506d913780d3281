/** The engines that lint asks: those that come with the program, and those that this machine has. */
import { openClamAVEngine } from "../adapters/engines/clamav.js";
import { type RememberingEngine, rememberOpinions } from "../adapters/engines/remembered-opinions.js";
import { openSigmaSchemaEngine } from "../adapters/engines/sigma-schema.js";
import { openYaraXEngine } from "../adapters/engines/yara-x.js";
import { openYaracEngine } from "../adapters/engines/yarac.js";
import type { CompileCache } from "../ports/compile-cache.js";

export async function openEngines(cache: CompileCache, workers: number): Promise<RememberingEngine[]> {
  const found = [
    openSigmaSchemaEngine(),
    openYaraXEngine({ workers }),
    await openYaracEngine(),
    await openClamAVEngine(),
  ];
  const present = found.filter((engine) => engine !== undefined);
  return Promise.all(present.map((engine) => rememberOpinions(engine, cache)));
}
