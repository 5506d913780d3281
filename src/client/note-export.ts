/** An export was made, and the engines have it: what the endpoint remembers of it, and who is told. */
import { formatTime } from "../core/trust/metadata.js";
import type { EndpointStore } from "../ports/endpoint-store.js";
import type { KnownEngine } from "./engine-choices.js";
import type { Exported } from "./export-database.js";
import { exportMark } from "./export-choices.js";
import { rememberEffect } from "./local-rules/in-force.js";
import type { LocalExport } from "./local-rules/local-export.js";
import type { EndpointConfig, EndpointState, InstalledRelease, UpdateEvent } from "./model.js";
import type { StateKeeper } from "./state.js";

export interface ExportMade {
  readonly state: StateKeeper;
  readonly config: EndpointConfig;
  readonly release: InstalledRelease;
  readonly engines: readonly KnownEngine[];
  readonly written: Exported;
  readonly local: LocalExport | undefined;
  /** As the engine counted them; null where it was not asked. */
  readonly loadedRules: number | null;
  readonly at: Date;
}

/** `news` is recorded in the same write. @throws OperationError STORE_FULL, STORE_FAILED */
export async function noteExport(
  { store, emit }: { readonly store: EndpointStore; readonly emit: (event: UpdateEvent) => void },
  { state, config, release, engines, written, local, loadedRules, at }: ExportMade,
  news: Partial<EndpointState> = {},
): Promise<void> {
  const { databaseSha256 } = release;
  await state.set({
    ...{ exportedSha256: databaseSha256, exportedAs: exportMark(config, engines) },
    ...{ exportedLocal: local?.id ?? null, exporting: null, exportingLocal: null },
    ...{ leftOut: written.leftOut, exportedRules: written.rules, loadedRules, reloadDue: true, ...news },
  });
  await rememberEffect(store.files, local?.effect(databaseSha256, formatTime(at)));
  emit({ type: "exported", ...written });
}
