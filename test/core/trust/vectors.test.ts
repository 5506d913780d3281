/**
 * Every attack on metadata gets its own code. The directories of test/vectors/tuf are what is judged; they are also made again and must
 * come out the same. RULEMINT_WRITE_VECTORS=1 writes them.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { RulemintError } from "../../../src/core/errors.js";
import { TrustedMetadata } from "../../../src/core/trust/trusted-metadata.js";
import { followMetadata } from "../../browser/judge.mjs";
import { lies, makeVectors } from "../../vectors/tuf/lies.js";
import { now } from "./repository.js";

const folder = fileURLToPath(new URL("../../vectors/tuf/", import.meta.url));
const made = await makeVectors();

if (process.env.RULEMINT_WRITE_VECTORS === "1") {
  for (const name of directories()) rmSync(join(folder, name), { recursive: true });
  for (const [path, bytes] of made) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}

function directories(): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function verdict(name: string): Promise<string> {
  const file = async (path: string): Promise<Uint8Array | undefined> => {
    const found = [name, "good"].map((one) => join(folder, one, path)).find((one) => existsSync(one));
    return found === undefined ? undefined : Uint8Array.from(readFileSync(found));
  };
  try {
    await followMetadata(TrustedMetadata, {
      ...{ root: (await file("1.root.json")) as Uint8Array, feed: "endpoint", at: now },
      read: (role, version) => file(`${role === "root" ? `${version}.` : ""}${role}.json`),
      seen: (role) => file(`seen/${role}.json`),
    });
    return "success";
  } catch (cause) {
    if (cause instanceof RulemintError) return cause.code;
    throw cause;
  }
}

describe("TUF vectors", () => {
  it("are all there, and nothing else is", () => {
    expect(directories().sort()).toEqual(lies.map(({ name }) => name).sort());
  });

  it("have every class of attack that files can make, and every role where it has one", () => {
    const roles = ["root", "timestamp", "snapshot", "targets", "manifest"];
    const classes = ["rollback", "freeze", "keys-of-a-stranger"];
    const wanted = [
      ...classes.flatMap((one) => roles.map((role) => `${one}-${role}`)),
      ...["mix-snapshot", "mix-targets", "mix-manifest", "threshold-zero", "threshold-one-key-two-ids"],
      ...["fast-forward", "fast-forward-recovered", "name-way-out"],
    ];
    expect(directories()).toEqual(expect.arrayContaining(wanted));
  });

  it("come out the same when they are made again", () => {
    const read = (path: string) => Uint8Array.from(readFileSync(join(folder, path)));
    for (const [path, bytes] of made) expect([path, read(path)]).toEqual([path, Uint8Array.from(bytes)]);
  });

  it.each(lies.map(({ name, code, why }) => [name, code, why] as const))("%s: %s (%s)", async (name) => {
    const [expected] = readFileSync(join(folder, name, "expect.txt"), "utf8").split("\n");
    expect(await verdict(name)).toBe(expected);
  });
});
