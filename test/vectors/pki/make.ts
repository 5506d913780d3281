/** All vectors, as files by path. The same bytes every time: keys come from seeds, signatures have no randomness. Tests only. */
import { utf8Bytes } from "../../../src/core/encoding/bytes.js";
import { cmsLies } from "./lies-cms.js";
import { constraintLies } from "./lies-constraints.js";
import { leafLies, pathLies, subjectLies } from "./lies-certificate.js";
import { ocspLies } from "./lies-ocsp.js";
import { revocationLies } from "./lies-revocation.js";
import { sealLies } from "./lies-seal.js";
import { timestampLies } from "./lies-timestamp.js";
import type { Lie } from "./lie.js";
import { content, createWorld, sign } from "./world.js";

const truth: Lie = {
  name: "good",
  code: "success",
  why: "nothing is wrong with this one",
  make: async (world) => ({ cms: await sign(world) }),
};

export const lies: readonly Lie[] = [
  truth,
  ...cmsLies,
  ...leafLies,
  ...pathLies,
  ...constraintLies,
  ...subjectLies,
  ...sealLies,
  ...timestampLies,
  ...revocationLies,
  ...ocspLies,
];

/** `content` and `policy.json` serve all directories; a directory may bring a policy of its own. */
export async function makeVectors(): Promise<Map<string, Uint8Array>> {
  const world = await createWorld();
  // As the formatter of the project has it: short lists of one stand on one line.
  const text = (value: unknown) =>
    JSON.stringify(value, null, 2).replace(/\[\s+("[^"\n]{1,60}")\s+\]/g, "[$1]");
  const json = (value: unknown) => utf8Bytes(`${text(value)}\n`);
  const files = new Map<string, Uint8Array>([
    ["content", content],
    ["policy.json", json(world.policy)],
  ]);
  for (const lie of lies) {
    const { cms, policy } = await lie.make(world);
    files.set(`${lie.name}/signature.p7s`, cms);
    files.set(`${lie.name}/expect.txt`, utf8Bytes(`${lie.code}\n${lie.why}\n`));
    if (policy !== undefined) files.set(`${lie.name}/policy.json`, json(policy));
  }
  return files;
}
