// The general tools that our deltas are compared with. One that is not installed is told, not passed over.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const shell = (command) => (from, to, out) => ["sh", "-c", command, "sh", from, to, out];

/** Name, the program that must be there, and the command; `source` where a plain installation does not bring it. */
const generalPeers = [
  {
    name: "zstd -19",
    program: "zstd",
    encode: (from, to, out) => ["zstd", "-qf", "-19", "--long=27", `--patch-from=${from}`, to, "-o", out],
  },
  {
    name: "zstd -22",
    program: "zstd",
    encode: (from, to, out) => [
      ...["zstd", "-qf", "--ultra", "-22", "--long=31"],
      ...[`--patch-from=${from}`, to, "-o", out],
    ],
  },
  {
    name: "xdelta3",
    program: "xdelta3",
    encode: (from, to, out) => [
      "xdelta3",
      "-fe",
      "-9",
      "-S",
      "lzma",
      "-B",
      "1073741824",
      "-s",
      from,
      to,
      out,
    ],
    decode: (from, delta, out) => ["xdelta3", "-fd", "-B", "1073741824", "-s", from, delta, out],
  },
  { name: "bsdiff", program: "bsdiff", encode: (from, to, out) => ["bsdiff", from, to, out] },
  {
    name: "hdiffz",
    program: "hdiffz",
    // Debian 12 packages no HDiffPatch: whoever has built it has `hdiffz` on the path
    source: "HDiffPatch, which Debian does not package",
    encode: (from, to, out) => ["hdiffz", "-f", "-m-1", "-SD", "-c-zstd-21-24", from, to, out],
  },
  {
    name: "diff -e + zstd",
    program: "diff",
    encode: shell('diff -a -e "$1" "$2" | zstd -qf -19 -o "$3"'),
  },
];

/** ClamAV's tool, which takes its own files alone. */
export const sigtool = {
  name: "sigtool",
  program: "sigtool",
  encode: shell('sigtool --compare="$1" "$2" | gzip -9 > "$3"'),
};

const isThere = (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
export const missingPeers = () =>
  [...generalPeers, sigtool]
    .filter(({ program }) => !isThere(program))
    .map(({ name, source }) => (source ? `${name} (${source})` : name));

/** Bytes of `out`, seconds of CPU and of wall clock, and peak memory in MiB; undefined when it failed. */
export function timed(command, out) {
  const figures = `${out}.time`;
  const { status, error } = spawnSync("/usr/bin/time", ["-f", "%e %U %S %M", "-o", figures, ...command], {
    stdio: "ignore",
  });
  if (error) throw new Error("expected /usr/bin/time (Debian package: time)", { cause: error });
  if (status !== 0) return undefined;
  const [wall, user, system, kib] = readFileSync(figures, "utf8").trim().split("\n").at(-1).split(" ");
  return {
    bytes: statSync(out).size,
    cpu: Number(user) + Number(system),
    wall: Number(wall),
    peakMiB: Number(kib) / 1024,
  };
}

/** A tool that is done in a hundredth of a second runs many times, because its clock has no finer steps. */
function decoding(command, out) {
  const once = timed(command, out);
  if (once === undefined || once.cpu > 0.5) return once;
  const often = 20;
  const loop = 'for i in $(seq "$0"); do "$@" || exit 1; done';
  const many = timed(["sh", "-c", loop, String(often), ...command], out);
  return many && { ...many, cpu: many.cpu / often, wall: many.wall / often };
}

/** A figure that was measured on the same bytes before; `folder` undefined: everything is measured in this run. */
function remembered(folder, key, measure) {
  if (folder === undefined) return measure();
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${createHash("sha256").update(key).digest("hex").slice(0, 32)}.json`);
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8"));
  const found = measure();
  if (found !== undefined) writeFileSync(path, JSON.stringify(found));
  return found;
}

const digestOf = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

/**
 * What each peer needs for one pair, in each of the forms that it is given: `{ peer: { form: figures } }`. xdelta3's figures hold
 * those of decoding too.
 */
export function measurePeers(forms, scratch, cache, some = generalPeers) {
  const found = {};
  for (const { name, program, encode, decode } of some) {
    if (!isThere(program)) continue;
    found[name] = {};
    for (const [form, { from, to }] of Object.entries(forms)) {
      const out = join(scratch, "peer");
      const key = [name, ...encode("F", "T", "O"), digestOf(from), digestOf(to)].join("\n");
      const figures = remembered(cache, key, () => {
        const encoded = timed(encode(from, to, out), out);
        if (encoded === undefined || decode === undefined) return encoded;
        return { ...encoded, decode: decoding(decode(from, out, `${out}.back`), `${out}.back`) };
      });
      if (figures !== undefined) found[name][form] = figures;
    }
  }
  return found;
}

/** The peer and form with the fewest bytes. */
export function bestPeer(measured) {
  const all = Object.entries(measured).flatMap(([peer, forms]) =>
    Object.entries(forms).map(([form, figures]) => ({ peer, form, ...figures })),
  );
  return all.sort((a, b) => a.bytes - b.bytes)[0];
}

/** The better form of one peer. */
export function bestForm(measured, peer) {
  return Object.values(measured[peer] ?? {}).sort((a, b) => a.bytes - b.bytes)[0];
}
