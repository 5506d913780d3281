/** `rulemint assay …`: the overseer: rebuild, compare, co-sign. */
import type { AddCommand } from "../command.js";
import { assayInit } from "../commands/assay-init.js";
import { assayMap } from "../commands/assay-map.js";
import { assayRun } from "../commands/assay-run.js";
import { assayStatus } from "../commands/assay-status.js";
import { assayVerdicts } from "../commands/assay-verdicts.js";
import { assayWatch } from "../commands/assay-watch.js";

export const commands: readonly AddCommand[] = [
  assayInit,
  assayRun,
  assayWatch,
  assayMap,
  assayStatus,
  assayVerdicts,
];
