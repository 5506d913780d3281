// A sorted list of 100,000 hashes of which one in a hundred changes, and what no encoding of the change can go below.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const count = 100_000;
const changed = count / 100;

const hash = (label) => createHash("sha256").update(`rulemint bench ${label}`).digest("hex");

/** log2(n!) */
function log2Factorial(n) {
  let sum = 0;
  for (let i = 2; i <= n; i++) sum += Math.log2(i);
  return sum;
}
const log2Choose = (n, k) => log2Factorial(n) - log2Factorial(k) - log2Factorial(n - k);

/**
 * Two folders, each with one file, and the limit in bytes: which of the old hashes go, and a set of new ones that nobody can
 * foresee.
 */
export function hashList(scratch) {
  const old = Array.from({ length: count }, (_, i) => hash(`old ${i}`)).sort();
  const gone = new Set(Array.from({ length: changed }, (_, i) => (i * 7919 + Math.floor(i / 13)) % count));
  const next = old.filter((_, i) => !gone.has(i));
  for (let i = 0; i < changed; i++) next.push(hash(`new ${i}`));
  next.sort();
  const versions = [old, next].map((lines, i) => {
    const folder = join(scratch, `hashes-${i}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "hashes.txt"), `${lines.join("\n")}\n`);
    // the same hashes as ClamAV has them
    const signatures = lines.map((line) => `${line}:*:Bench.${line.slice(0, 8)}:73`);
    writeFileSync(join(scratch, `hashes-${i}.hsb`), `${signatures.join("\n")}\n`);
    return { date: i === 0 ? "old" : "new", folder, hsb: join(scratch, `hashes-${i}.hsb`) };
  });
  const removed = count - next.length + changed;
  const bits = log2Choose(count, removed) + 256 * changed - log2Factorial(changed);
  return { versions, limitBytes: Math.ceil(bits / 8) };
}
