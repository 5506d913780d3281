/**
 * Commands on the service's own machine that read or change a data folder, or use a key in one: the folder's access log hears of it
 * before it happens (SPEC §13.2.10). A running service takes the entry; without one the command writes it itself.
 */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { recordLocal } from "../services/record-access.js";
import { composeAccessLog } from "./compose-access.js";
import { configurationFile, readConfiguration } from "./configuration.js";
import { localUser } from "./local-user.js";

export interface LocalAct {
  /** The command. */
  readonly operation: string;
  readonly target: string;
}

/** @throws OperationError ACCESS_LOG_UNAVAILABLE: then nothing may be done */
export async function tellAccessLog(data: string, act: LocalAct): Promise<void> {
  const folder = resolve(data);
  const { access } = readConfiguration(folder);
  if (access === undefined) return;
  const accessLog = await composeAccessLog(folder, access);
  try {
    await recordLocal({ accessLog }, { ...act, ...localActor() });
  } finally {
    await accessLog.close();
  }
}

export const localActor = () => ({ who: localUser(), why: process.env.RULEMINT_WHY ?? "" });

/** The data folder that a file lies in, if it lies in one. */
export function dataFolderOf(path: string): string | undefined {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, configurationFile))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
