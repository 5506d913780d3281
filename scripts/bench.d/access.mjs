// What the access log costs: entries a second, each durable before its act, alone and many at once; and opening 2,000 of them with proofs.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const dist = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);
const entry = (n) => ({
  ...{ kind: "access", who: "ann", rights: ["analyst"], operation: "getSource", from: "192.0.2.1" },
  target: `/v1/sources/${n}`,
});

async function measured(act) {
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  await act();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 };
}

async function measure(total) {
  const { composeAccessLog, makeAccessLog } = await dist("main/compose-access.js");
  const { openAccessRange } = await dist("services/open-access.js");
  const folder = mkdtempSync(join(tmpdir(), "rulemint-access-"));
  const rows = [];
  try {
    mkdirSync(join(folder, "keys"));
    const { settings } = await makeAccessLog(folder, "bench.example/releases");
    const log = await composeAccessLog(folder, { ...settings, heartbeatMinutes: 15 });
    let n = 0;
    for (const [callers, count] of [
      [1, Math.min(500, total)],
      [16, total],
      [64, total],
      [512, total],
    ]) {
      const { seconds, cpu } = await measured(async () => {
        const end = n + count;
        const caller = async () => {
          while (n < end) await log.record(entry(n++));
        };
        await Promise.all(Array.from({ length: callers }, caller));
      });
      rows.push({
        callers,
        entries: count,
        perSecond: Math.round(count / seconds),
        cpuMs: (1000 * cpu) / count,
      });
    }
    const context = { accessLog: log, records: log.openings };
    const { size } = (await log.log()).store;
    const opened = await measured(() => openAccessRange(context, { from: size - 2000, to: size }));
    await log.close();
    return { rows, size, openedSeconds: opened.seconds, openedCPU: opened.cpu };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function print({ rows, size, openedSeconds, openedCPU }) {
  console.log("access log: entries, each durable (opening, then leaf) before its act\n");
  for (const { callers, entries, perSecond, cpuMs } of rows) {
    const shown = `${perSecond.toLocaleString("en-US").padStart(8)} entries/s  ${cpuMs.toFixed(2)} ms of CPU each`;
    console.log(
      `${String(callers).padStart(4)} callers at once  ${shown}  (${entries.toLocaleString("en-US")})`,
    );
  }
  console.log(
    `\nopened with proofs: 2,000 of ${size.toLocaleString("en-US")} in ${openedSeconds.toFixed(2)} s, ${openedCPU.toFixed(2)} s of CPU`,
  );
}

export async function accessRows(entries) {
  const report = await measure(entries);
  print(report);
  return report;
}
