/** The engines that lint asks: those that come with the program, and those that this machine has. */
import { openClamAVEngine } from "../adapters/engines/clamav.js";
import { type RememberingEngine, rememberOpinions } from "../adapters/engines/remembered-opinions.js";
import { openSigmaSchemaEngine } from "../adapters/engines/sigma-schema.js";
import { openSuricataEngine } from "../adapters/engines/suricata.js";
import { openYaraXEngine } from "../adapters/engines/yara-x.js";
import { openYaracEngine } from "../adapters/engines/yarac.js";
import { openEngineGates } from "../adapters/gates/engines.js";
import type { ReleaseGates } from "../ports/release-gates.js";
import type { CompileCache } from "../ports/compile-cache.js";
import { type Configuration, resolveIn } from "./configuration.js";

export async function openEngines(cache: CompileCache, workers: number): Promise<RememberingEngine[]> {
  const found = [
    openSigmaSchemaEngine(),
    openYaraXEngine({ workers }),
    await openYaracEngine(),
    await openClamAVEngine(),
    await openSuricataEngine(),
  ];
  const present = found.filter((engine) => engine !== undefined);
  return Promise.all(present.map((engine) => rememberOpinions(engine, cache)));
}

export function openGates(folder: string, gates: Configuration["gates"]): ReleaseGates {
  return openEngineGates({
    samples: resolveIn(folder, gates.samples),
    clean: {
      folders: gates.clean.map((path) => resolveIn(folder, path)),
      ...{ bytesMax: gates.cleanBytesMax, fileBytesMax: gates.cleanFileBytesMax },
    },
  });
}
