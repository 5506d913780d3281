/** A real file system too small for its task. Needs the right to mount; undefined, with a word on stderr, where that lacks. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk {
  readonly path: string;
  readonly bytes: number;
  remove(): void;
}

export function fullDisk(bytes = 256 * 1024): SmallDisk | undefined {
  const path = mkdtempSync(join(tmpdir(), "rulemint-small-disk-"));
  const mount = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path]);
  if (mount.status !== 0) {
    rmSync(path, { recursive: true });
    console.error("no right to mount a small file system: the tests of a full disk do not run here");
    return undefined;
  }
  return {
    path,
    bytes,
    remove: () => {
      spawnSync("umount", [path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
