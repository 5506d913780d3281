// The report as one page: no script, no font, no file beside it. Plots are SVG; what they show stands in tables too.
import { writeFileSync } from "node:fs";
import { dots, shares } from "./plots.mjs";

const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const whole = (value) => (value === undefined ? "–" : Math.round(value).toLocaleString("en-US"));
const short = (value) => (value === undefined ? "–" : value >= 100 ? whole(value) : value.toFixed(2));

function table(head, rows) {
  const cells = (tag, row) => row.map((cell) => `<${tag}>${cell}</${tag}>`).join("");
  const body = rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("\n");
  return `<table><thead><tr>${cells("th", head)}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}

function barsTable(bars) {
  const rows = bars.map(({ what, value, bar, stretch, direction, reached, stretched, note }) => {
    const sign = direction === "most" ? "≤" : "≥";
    const state = value === undefined ? "open" : stretched ? "stretch" : reached ? "reached" : "missed";
    const mark = `<span class="${state}">${state}</span>`;
    return [
      escaped(what),
      `<b>${short(value)}</b>`,
      `${sign} ${short(bar)}`,
      `${sign} ${short(stretch)}`,
      mark,
      escaped(note),
    ];
  });
  return table(["what", "figure", "must reach", "stretch", "", "where"], rows);
}

const name = ({ from, to }) => `${from} → ${to}`;

function corpusPart(kind, report) {
  const pairs = report.pairs.filter((pair) => pair.kind === kind);
  const versions = report.versions.filter((version) => version.kind === kind);
  const full = (wanted) => report.full.find(({ kind: of, method }) => of === kind && method === wanted);
  const compared = pairs.filter(({ best }) => best);
  const bytes = compared.map((pair) => ({
    label: name(pair),
    points: [
      ...Object.entries(pair.peers).flatMap(([peer, forms]) =>
        Object.entries(forms).map(([form, found]) => ({
          name: `${peer}, ${form}`,
          value: found.bytes,
          peer,
        })),
      ),
      { name: "Rulemint", value: pair.made.bytes, peer: "Rulemint" },
    ],
  }));
  const newest = versions.at(-1);
  const facts =
    newest === undefined
      ? ""
      : `<p>Newest version: ${whole(newest.records)} records, ${whole(newest.sources)} bytes of sources, database ${whole(newest.bytes)} bytes, ` +
        `compiled in ${newest.stepWall.toFixed(1)} s (${newest.stepCPU.toFixed(1)} s of CPU, ${whole(newest.peakMiB)} MiB). Full pack ` +
        `${whole(full("xz")?.bytes)} bytes by xz, ${whole(full("zstd")?.bytes)} by zstd-codec; <code>zstd -19</code> of the export ${whole(full("xz")?.zstd?.bytes)}.</p>`;
  return `<h2>${escaped(kind)}</h2>${facts}
${bytes.length > 0 ? `<figure>${dots(bytes)}<figcaption>Bytes of each delta, logarithmic. Every tool twice: on the sources in their order, and on the sorted export.</figcaption></figure>` : ""}
${costTable(pairs)}`;
}

function costTable(pairs) {
  const rows = pairs.map((pair) => {
    const { made, applied, best, zstd, xdelta } = pair;
    return [
      `${escaped(name(pair))}${pair.apart === "month" ? " *" : ""}`,
      whole(made.bytes),
      best ? `${whole(best.bytes)} ${escaped(best.peer)}` : "–",
      `<b>${short(pair.ratio)}</b>`,
      `${short(made.stepCPU)} s, ${whole(made.peakMiB)} MiB`,
      zstd ? `${short(zstd.cpu)} s, ${whole(zstd.peakMiB)} MiB` : "–",
      `${short(applied.stepCPU)} s, ${whole(applied.peakMiB)} MiB`,
      xdelta?.decode ? `${short(xdelta.decode.cpu)} s, ${whole(xdelta.decode.peakMiB)} MiB` : "–",
    ];
  });
  const head = ["pair", "ours", "best peer", "ratio", "make", "zstd -19", "apply", "xdelta3 -d"];
  return `${table(head, rows)}<p class="note">* a month apart or more. CPU of the step, modules loaded; memory of the whole process.</p>`;
}

function hashPart(hashes) {
  if (!hashes) return "";
  const { made, limitBytes, peers, sigtool } = hashes;
  const rows = Object.entries(peers).map(([peer, { export: found }]) => [escaped(peer), whole(found?.bytes)]);
  if (sigtool) rows.push(["sigtool --compare, gzip -9 (as .hsb)", whole(sigtool.bytes)]);
  return `<h2>A sorted list of 100,000 hashes, 1 % changed</h2>
<p>Ours: <b>${whole(made.bytes)}</b> bytes. The information limit is ${whole(limitBytes)} bytes: which 1,000 of the old hashes go, and a set of 1,000 new ones
that nobody can foresee. That is ${(made.bytes / limitBytes).toFixed(3)} of the limit.</p>${table(["peer", "bytes"], rows)}`;
}

function scalePart(scale) {
  if (!scale) return "";
  const rows = scale.rows.map(({ what, value, note }) => [
    escaped(what),
    escaped(value),
    escaped(note ?? ""),
  ]);
  return `<h2>At scale</h2><p>${escaped(scale.what)}</p>${table(["what", "figure", ""], rows)}`;
}

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:1080px;margin:2em auto;padding:0 1em;color:#1c2024;background:#fff}
h1{font-size:1.6em}h2{margin-top:2em;border-top:1px solid #ddd;padding-top:.8em}
table{border-collapse:collapse;width:100%;font-size:.9em}th{text-align:left;color:#555;font-weight:600}
td,th{padding:.3em .6em;border-bottom:1px solid #eee;vertical-align:top}td{font-variant-numeric:tabular-nums}
figure{margin:1em 0}figcaption,.note{color:#666;font-size:.85em}svg{width:100%;height:auto}
.reached{color:#1a7f37}.stretch{color:#0b6b2b;font-weight:700}.missed{color:#b42318;font-weight:700}.open{color:#888}`;

export function writePage(path, report) {
  const kinds = [...new Set(report.pairs.map(({ kind }) => kind))];
  const { cpu, cores, node, date } = report.machine;
  const ratios = report.pairs.filter(({ ratio }) => ratio);
  const missing =
    report.missing.length > 0
      ? ` Not installed, and so not compared with: ${report.missing.join(", ")}.`
      : "";
  const heap = report.heap ? ` Each step of ours had ${report.heap} MB for its objects.` : "";
  const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Rulemint: measured</title><style>${style}</style></head><body>
<h1>Rulemint beside the general tools</h1>
<p>${escaped(`${date.slice(0, 10)}, ${cores} cores of ${cpu}, Node ${node}.`)}${escaped(missing)} Made by <code>scripts/bench --page</code>; every tool had the same bytes, on
the sources in their order and on the sorted export, and its better result counts. An idle Node takes ${whole(report.idle.peakMiB)} MiB.${heap}</p>
${report.bars ? barsTable(report.bars) : ""}
${ratios.length > 0 ? `<figure>${shares(ratios.map((pair) => ({ label: `${pair.kind} ${name(pair)}`, value: pair.ratio })))}<figcaption>Bytes of our delta as a share of the best peer's, for every pair. The line is the best peer.</figcaption></figure>` : ""}
${kinds.map((kind) => corpusPart(kind, report)).join("\n")}
${hashPart(report.hashes)}
${scalePart(report.scale)}
</body></html>
`;
  writeFileSync(path, page);
}
