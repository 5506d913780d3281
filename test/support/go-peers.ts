/**
 * Go programs of strangers' libraries, built from Debian's packages that `scripts/fetch-peer` has unpacked beside the system: nothing is
 * installed, and nothing comes from anywhere else. What was built is kept, by its source and its packages.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { peerFolder } from "./peers.js";

const suite = "bookworm-backports";
const [goPackage, sourcePackage] = ["golang-1.23-go", "golang-1.23-src"];

/** Undefined, and said aloud, where Go, or a library, or a program that builds with them, is not to be had. */
export function goPeer(name: string, libraries: readonly (readonly [string, string])[]): string | undefined {
  const source = fileURLToPath(new URL(`../interop/strangers/${name}/main.go`, import.meta.url));
  const folders = libraries.map(([from, one]) => join(peerFolder(from, one), "usr/share/gocode"));
  const absent = [[suite, goPackage], [suite, sourcePackage], ...libraries].filter(
    ([from = "", one = ""]) => !existsSync(peerFolder(from, one)),
  );
  if (absent.length > 0) {
    const wanted = absent.map((one) => `scripts/fetch-peer ${one.join(" ")}`).join("; ");
    console.warn(`${name} cannot be built here (${wanted}): it was not asked`);
    return undefined;
  }
  const version = createHash("sha256").update(readFileSync(source)).update(folders.join("\n")).digest("hex");
  const built = join(peerFolder("built", `${name}-${version.slice(0, 16)}`));
  if (existsSync(built)) return built;
  const temporary = `${built}.${process.pid}`;
  const run = spawnSync(join(goRoot(), "bin", "go"), ["build", "-trimpath", "-o", temporary, source], {
    encoding: "utf8",
    env: {
      ...{ PATH: process.env.PATH, HOME: process.env.HOME, GOROOT: goRoot(), GOPATH: folders.join(":") },
      ...{ GO111MODULE: "off", CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOFLAGS: "" },
      GOCACHE: peerFolder("built", "go-cache"),
    },
  });
  if (run.status !== 0) {
    console.warn(`${name} does not build with ${goPackage}: it was not asked\n${run.stderr}`);
    return undefined;
  }
  renameSync(temporary, built);
  return built;
}

/** The two packages as one tree, which is how `go` wants them. */
function goRoot(): string {
  const root = peerFolder("built", goPackage);
  if (existsSync(root)) return root;
  const temporary = `${root}.${process.pid}`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  const lib = join(peerFolder(suite, goPackage), "usr/lib/go-1.23");
  // Its links lead to the other package.
  cpSync(lib, temporary, { recursive: true, filter: (path) => !lstatSync(path).isSymbolicLink() });
  for (const one of [sourcePackage, goPackage]) {
    const share = join(peerFolder(suite, one), "usr/share/go-1.23");
    const wanted = ["src", "pkg"].map((part) => join(share, part)).filter((path) => existsSync(path));
    execFileSync("cp", ["-al", "--force", ...wanted, temporary]);
  }
  renameSync(temporary, root);
  return root;
}
