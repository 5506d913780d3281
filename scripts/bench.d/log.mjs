// The rows about the log: a million entries appended, each batch durable before it is acknowledged, and proofs from a log of that size,
// made by a process that has just opened it and by one that has been at it for a while.
import { createHash, createPrivateKey, createPublicKey, randomInt, sign } from "node:crypto";
import { join } from "node:path";

const dist = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);
const appendPerSecondMin = 5000;
const proofMsMax = 5;
/** Callers that wait at the same time, and what each brings: an access log behind a busy service, not one big file. */
const [callers, entriesEach] = [16, 64];

const { nodeDigest, nodePairDigest } = await dist("adapters/node-digest.js");
const { openFilesystemLog } = await dist("adapters/log/filesystem.js");
const { appendToLog, checkpointOver, logKey, proveEntry } = await dist("services/append-to-log.js");
const { parseLogPolicy } = await dist("core/log/log-policy.js");
const { formatVerifierKey } = await dist("core/log/verifier-key.js");
const { verifyLogProof } = await dist("core/log/verify-checkpoint.js");

/** As long as an entry of kind `release`. */
const entry = (i) =>
  new TextEncoder().encode(
    JSON.stringify({ i, a: createHash("sha256").update(`${i}`).digest("hex"), padding: "x".repeat(300) }),
  );

function signer() {
  const der = Buffer.concat([
    Buffer.from("302e020100300506032b657004220420", "hex"),
    createHash("sha256").update("bench").digest(),
  ]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = new Uint8Array(createPublicKey(key).export({ type: "spki", format: "der" }));
  const close = async () => undefined;
  return { scheme: "ed25519", spki, sign: async (text) => new Uint8Array(sign(null, text, key)), close };
}

async function openLog(folder) {
  const store = await openFilesystemLog({
    ...{ files: join(folder, "log"), state: join(folder, "state"), digest: nodeDigest },
  });
  const log = {
    origin: "example.com/bench",
    signer: signer(),
    store,
    witnesses: [],
    pairDigest: nodePairDigest,
  };
  const policy = parseLogPolicy(`log ${formatVerifierKey(logKey(log))}\nquorum none\n`);
  const clock = { now: () => new Date() };
  return { ...log, clock, policy: async () => policy, pause: async () => undefined };
}

async function append(log, count) {
  let next = 0;
  const caller = async () => {
    while (next < count) {
      const first = next;
      next = Math.min(next + entriesEach, count);
      const entries = Array.from({ length: next - first }, (_, i) => entry(first + i));
      if ((await appendToLog(log, entries)) !== first) throw new Error("expected entries in their order");
    }
  };
  const [start, before] = [performance.now(), process.cpuUsage()];
  await Promise.all(Array.from({ length: callers }, caller));
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
}

/** Milliseconds of each of `count` proofs of entries at random; every tenth is verified. */
async function prove(log, checkpoint, count) {
  const [times, cpuTimes, policy] = [[], [], await log.policy()];
  for (let i = 0; i < count; i++) {
    const index = randomInt(checkpoint.size);
    const [start, before] = [performance.now(), process.cpuUsage()];
    const proof = await proveEntry(log, index, checkpoint);
    times.push(performance.now() - start);
    const { user, system } = process.cpuUsage(before);
    cpuTimes.push((user + system) / 1000);
    if (i % 10 > 0) continue;
    await verifyLogProof(proof, entry(index), { policy, now: new Date() });
  }
  const sorted = (list) => list.sort((a, b) => a - b);
  return { times: sorted(times), cpuTimes: sorted(cpuTimes) };
}

export async function logRows(folder, count) {
  let log = await openLog(folder);
  const { seconds, cpuSeconds } = await append(log, count);
  const signing = performance.now();
  const checkpoint = await checkpointOver(log, count - 1);
  const checkpointMs = performance.now() - signing;
  await log.store.close();
  const opening = performance.now();
  log = await openLog(folder);
  const openMs = performance.now() - opening;
  const { times, cpuTimes } = await prove(log, checkpoint, 1000);
  await log.store.close();
  const at = (share, of = times) => of[Math.min(Math.floor(of.length * share), of.length - 1)];
  const found = {
    ...{ entries: count, seconds, cpuSeconds, perSecond: count / seconds, checkpointMs, openMs },
    proofMs: { median: at(0.5), p99: at(0.99), most: at(1) },
    proofCpuMs: { median: at(0.5, cpuTimes), p99: at(0.99, cpuTimes), most: at(1, cpuTimes) },
  };
  const judged = (ok) => (ok ? "reached" : "MISSED");
  console.log(
    `log: ${count.toLocaleString("en-US")} entries in ${seconds.toFixed(1)} s (CPU ${cpuSeconds.toFixed(1)} s), durable: ` +
      `${Math.round(found.perSecond).toLocaleString("en-US")} a second, bar ${appendPerSecondMin}: ${judged(found.perSecond >= appendPerSecondMin)}\n` +
      `log: checkpoint ${checkpointMs.toFixed(1)} ms; opened again in ${openMs.toFixed(0)} ms\n` +
      `log: proof ${found.proofMs.median.toFixed(2)} ms in the median, ${found.proofMs.p99.toFixed(2)} ms at 99 %, ` +
      `${found.proofMs.most.toFixed(2)} ms at most (CPU ${found.proofCpuMs.median.toFixed(2)}, ${found.proofCpuMs.p99.toFixed(2)}, ${found.proofCpuMs.most.toFixed(2)} ms), bar ${proofMsMax} at 99 %: ${judged(found.proofMs.p99 <= proofMsMax)}`,
  );
  return found;
}
