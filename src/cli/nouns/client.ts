/** `rulemint client …`: the endpoint. */
import type { AddCommand } from "../command.js";
import { clientBoot } from "../commands/client-boot.js";
import { clientExportBundle, clientImportBundle } from "../commands/client-bundle.js";
import { clientConfigure } from "../commands/client-configure.js";
import { clientExport } from "../commands/client-export.js";
import { clientFetch } from "../commands/client-fetch.js";
import { clientInit } from "../commands/client-init.js";
import { clientLookup } from "../commands/client-lookup.js";
import { clientRebuilders } from "../commands/client-rebuilders.js";
import { clientReport } from "../commands/client-report.js";
import { clientRollback } from "../commands/client-rollback.js";
import { clientRules } from "../commands/client-rules.js";
import { clientStatus } from "../commands/client-status.js";
import { clientUpdate } from "../commands/client-update.js";
import { clientWatch } from "../commands/client-watch.js";

export const commands: readonly AddCommand[] = [
  clientInit,
  clientConfigure,
  clientRebuilders,
  clientUpdate,
  clientWatch,
  clientStatus,
  clientReport,
  clientExport,
  clientFetch,
  clientLookup,
  clientRules,
  clientRollback,
  clientBoot,
  clientExportBundle,
  clientImportBundle,
];
