/**
 * Every attack on metadata gets its own code. The directories of test/vectors/tuf are what is judged; they are also made again and must
 * come out the same. RULEMINT_WRITE_VECTORS=1 writes them.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RulemintError } from "../../../src/core/errors.js";
import { TrustedMetadata } from "../../../src/core/trust/trusted-metadata.js";
import { followMetadata } from "../../browser/judge.mjs";
import { openVectors } from "../../support/vector-folder.js";
import { lies, makeVectors } from "../../vectors/tuf/lies.js";
import { now } from "./repository.js";

const made = await makeVectors();
const { folder, directories, read, expected } = openVectors("tuf", made);

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
    for (const [path, bytes] of made) expect([path, read(path)]).toEqual([path, Uint8Array.from(bytes)]);
  });

  it.each(lies.map(({ name, code, why }) => [name, code, why] as const))("%s: %s (%s)", async (name) => {
    expect(await verdict(name)).toBe(expected(name));
  });
});
