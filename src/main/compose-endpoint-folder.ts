/** The state folder that a person named: it has to be one, for a misspelt one must neither be made nor be told about. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { openFilesystemEndpointStore } from "../adapters/endpoint-store/filesystem.js";
import { setUpHint } from "../client/state.js";
import { UsageError, quote } from "../core/errors.js";
import type { EndpointStore } from "../ports/endpoint-store.js";

/** @throws UsageError NOT_FOUND, USAGE before `init` */
export function endpointFolder(state: string): string {
  const folder = resolve(state);
  const details = { hint: setUpHint };
  if (!existsSync(folder)) {
    throw new UsageError("NOT_FOUND", `expected an endpoint's state folder, got none at ${quote(state)}`, {
      details,
    });
  }
  if (!existsSync(join(folder, "config.json"))) {
    const message = `expected an endpoint that was set up at ${quote(state)}, got a folder without config.json`;
    throw new UsageError("USAGE", message, { details });
  }
  return folder;
}

/** @throws UsageError NOT_FOUND, USAGE; OperationError STORE_FULL, STORE_FAILED */
export function openEndpoint(state: string): Promise<EndpointStore> {
  return openFilesystemEndpointStore(endpointFolder(state));
}
