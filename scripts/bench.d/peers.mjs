// The general tools that our deltas are compared with. One that is not installed is told, not passed over.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";

const tools = {
  "zstd -19 --patch-from": [
    "zstd",
    (from, to, out) => ["-q", "-f", "-19", "--long=27", `--patch-from=${from}`, to, "-o", out],
  ],
  "xdelta3 -9 -S lzma": [
    "xdelta3",
    (from, to, out) => ["-f", "-e", "-9", "-S", "lzma", "-B", "268435456", "-s", from, to, out],
  ],
  bsdiff: ["bsdiff", (from, to, out) => [from, to, out]],
};

export const peerNames = Object.keys(tools);

export function missingPeers() {
  return peerNames.filter((name) => spawnSync("sh", ["-c", `command -v ${tools[name][0]}`]).status !== 0);
}

/** Bytes of the delta by each tool; undefined where it is absent or fails. */
export function peerBytes(from, to, out) {
  return Object.fromEntries(
    peerNames.map((name) => {
      const [program, args] = tools[name];
      const { status } = spawnSync(program, args(from, to, out), { stdio: "ignore" });
      return [name, status === 0 ? statSync(out).size : undefined];
    }),
  );
}
