/**
 * Every bad signature gets its own code. The directories of test/vectors/pki are what is judged; they are also made again and must
 * come out the same. RULEMINT_WRITE_VECTORS=1 writes them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RulemintError } from "../../../src/core/errors.js";
import type { SignaturePolicy } from "../../../src/core/pki/model.js";
import { verifySignature } from "../../../src/core/pki/verify-signature.js";
import { openVectors } from "../../support/vector-folder.js";
import { lies, makeVectors } from "../../vectors/pki/make.js";
import { now } from "../../vectors/pki/world.js";
import { sha256 } from "./publisher.js";

const made = await makeVectors();
const { folder, directories, read, expected } = openVectors("pki", made);

const policyOf = (name: string): SignaturePolicy => {
  const path = made.has(`${name}/policy.json`) ? `${name}/policy.json` : "policy.json";
  return JSON.parse(readFileSync(join(folder, path), "utf8"));
};

async function verdict(name: string): Promise<string> {
  const cms = read(`${name}/signature.p7s`);
  const contentSha256 = sha256(read("content"));
  try {
    await verifySignature({ contentSha256, cms, policy: policyOf(name), now });
    return "success";
  } catch (cause) {
    if (cause instanceof RulemintError) return cause.code;
    throw cause;
  }
}

describe("PKI vectors", () => {
  it("are all there, and nothing else is", () => {
    expect(directories().sort()).toEqual(lies.map(({ name }) => name).sort());
  });

  it("come out the same when they are made again", () => {
    for (const [path, bytes] of made) expect([path, read(path)]).toEqual([path, Uint8Array.from(bytes)]);
  });

  it.each(lies.map(({ name, code, why }) => [name, code, why] as const))("%s: %s (%s)", async (name) => {
    expect(await verdict(name)).toBe(expected(name));
  });
});
