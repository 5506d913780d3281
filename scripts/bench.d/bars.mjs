// What has to be reached, what was, and what is missing. Every bar is computed from the report alone.

/** What a bar without figures says. */
const unmeasured = { value: undefined, note: "not measured in this run" };

export function median(all) {
  if (all.length === 0) return undefined;
  const sorted = [...all].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const worst = (rows, of) => rows.reduce((a, b) => (a === undefined || of(b) > of(a) ? b : a), undefined);
const label = ({ kind, from, to }) => `${kind} ${from} → ${to}`;
const grouped = (rows) => Map.groupBy?.(rows, ({ kind }) => kind) ?? groupBy(rows);
function groupBy(rows) {
  const groups = new Map();
  for (const row of rows) groups.set(row.kind, [...(groups.get(row.kind) ?? []), row]);
  return groups;
}

function worstCorpus(pairs, of) {
  const corpora = [...grouped(pairs)].map(([kind, own]) => ({ kind, value: median(own.map(of)) }));
  const found = worst(corpora, ({ value }) => value);
  if (found === undefined) return unmeasured;
  const note = corpora.map(({ kind, value }) => `${kind} ${value.toFixed(2)}`).join(", ");
  return { value: found.value, note };
}

function worstPair(pairs, of, note = "") {
  const found = worst(pairs, of);
  return found === undefined ? unmeasured : { value: of(found), note: `${label(found)}${note}` };
}

function middlePair(pairs, of) {
  const found = worst(pairs, of);
  if (found === undefined) return unmeasured;
  return {
    value: median(pairs.map(of)),
    note: `median; worst ${of(found).toFixed(2)}, ${label(found)}`,
  };
}

/** The rows of the table, each with its figure and whether the bar is reached. */
export function judge(report) {
  const { idle, hashes } = report;
  const compared = report.pairs.filter(({ best }) => best);
  const neighbours = compared.filter((pair) => pair.neighbours);
  const apart = compared.filter((pair) => pair.apart === "month");
  const large = compared.filter(({ best }) => best.bytes > 1024);
  const withZstd = report.pairs.filter(({ peers }) => peers["zstd -19"]);
  const withXdelta = report.pairs.filter(({ xdelta }) => xdelta?.decode);
  const ratio = ({ ratio }) => ratio;
  const by = (wanted) => report.full.filter(({ method }) => method === wanted);
  const corpora = report.versions.filter(({ kind }) => kind === "ioc");
  const compiled = worst(corpora, ({ records }) => records);
  const rows = [
    ["delta bytes, consecutive versions, median of all pairs", 0.78, 0.55, middlePair(neighbours, ratio)],
    ["the same, each single corpus", 0.92, 0.75, worstCorpus(neighbours, ratio)],
    ["delta bytes, month apart, each corpus", 0.95, 0.75, worstPair(apart, ratio)],
    ["worst single pair over 1 KB", 1, 0.85, worstPair(large, ratio)],
    [
      "make delta, CPU, against zstd -19 --patch-from",
      0.2,
      0.05,
      middlePair(withZstd, ({ made, zstd }) => made.stepCPU / zstd.cpu),
    ],
    [
      "apply, CPU, against xdelta3 -d",
      2,
      1,
      middlePair(withXdelta, ({ applied, xdelta }) => applied.stepCPU / xdelta.decode.cpu),
    ],
    [
      "the same with the start of Node, which an update pays once",
      2,
      1,
      middlePair(withXdelta, ({ applied, xdelta }) => applied.cpu / xdelta.decode.cpu),
    ],
    [
      "apply, peak RSS over an idle Node, MiB",
      64,
      24,
      worstPair(report.pairs, ({ applied }) => applied.peakMiB - idle.peakMiB),
    ],
    ["full pack bytes by xz, against zstd -19 of the export", 1, 0.85, worstCorpus(by("xz"), ratio)],
    ["the same by zstd-codec, which a release waits for", 1, 0.85, worstCorpus(by("zstd"), ratio)],
    ["first installation by the default: small pack and delta", 1, 0.85, worstCorpus(by("both"), ratio)],
    [
      "compile, indicators a second",
      300_000,
      1_000_000,
      compiled
        ? {
            value: compiled.records / compiled.stepWall,
            note: `${compiled.records} in ${compiled.stepWall.toFixed(1)} s, ${compiled.stepCPU.toFixed(1)} s of CPU`,
          }
        : unmeasured,
      "least",
    ],
    [
      "sorted list of 100,000 hashes, 1 % changed, bytes",
      40_000,
      hashes ? Math.floor(hashes.limitBytes * 1.1) : 0,
      hashes
        ? {
            value: hashes.made.bytes,
            note: `information limit ${hashes.limitBytes}; best peer ${hashes.best?.peer ?? "none"} ${hashes.best?.bytes ?? ""}`,
          }
        : unmeasured,
    ],
  ];
  return rows.map(([what, bar, stretch, { value, note }, direction = "most"]) => {
    const holds = (limit) => value !== undefined && (direction === "most" ? value <= limit : value >= limit);
    return { what, direction, bar, stretch, value, note, reached: holds(bar), stretched: holds(stretch) };
  });
}

const figure = (value) =>
  value === undefined ? "–" : value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toFixed(2);

export function printBars(rows) {
  const width = Math.max(...rows.map(({ what }) => what.length));
  console.log(`\n${"what".padEnd(width)}     figure        bar    stretch`);
  for (const { what, value, bar, stretch, direction, note, reached, stretched } of rows) {
    const sign = direction === "most" ? "≤" : "≥";
    const state = value === undefined ? "–" : stretched ? "STRETCH" : reached ? "reached" : "MISSED";
    console.log(
      `${what.padEnd(width)} ${figure(value).padStart(10)} ${`${sign} ${figure(bar)}`.padStart(10)} ` +
        `${`${sign} ${figure(stretch)}`.padStart(10)}  ${state.padEnd(7)} ${note}`,
    );
  }
}
