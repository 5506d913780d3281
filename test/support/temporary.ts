/** Folders that tests may fill; removed when the test that asked for one is over. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "rulemint-test-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
