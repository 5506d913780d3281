// Two plots as SVG: shares of something, and many values of each row on a logarithmic axis.
const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const width = 1040;
const left = 250;
const right = 60;
const colours = {
  Rulemint: "#0b6b2b",
  "zstd -19": "#3b6fb6",
  "zstd -22": "#7aa3d8",
  xdelta3: "#c4761b",
  bsdiff: "#8d5bb0",
  hdiffz: "#b0495b",
  "diff -e + zstd": "#6d7681",
  sigtool: "#9a8b2f",
};

const text = (x, y, content, extra = "") =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="12" fill="#333" ${extra}>${escaped(content)}</text>`;
const line = (x1, y1, x2, y2, colour = "#ccc", extra = "") =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${colour}" ${extra}/>`;
const picture = (height, parts) =>
  `<svg viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui,sans-serif">${parts.join("")}</svg>`;

/** Bars from 0, with a line at 1. @param rows `{ label, value }` */
export function shares(rows) {
  const row = 22;
  const most = Math.max(1.1, ...rows.map(({ value }) => value)) * 1.02;
  const x = (value) => left + (value / most) * (width - left - right);
  const height = row * rows.length + 34;
  const parts = [0, 0.25, 0.5, 0.75, 1].flatMap((tick) => [
    line(x(tick), 6, x(tick), height - 22, tick === 1 ? "#444" : "#e3e3e3"),
    text(x(tick), height - 6, tick.toFixed(2), 'text-anchor="middle"'),
  ]);
  rows.forEach(({ label, value }, i) => {
    const y = 8 + i * row;
    const colour = value <= 1 ? colours.Rulemint : "#b42318";
    parts.push(
      text(left - 8, y + 12, label, 'text-anchor="end"'),
      `<rect x="${left}" y="${y}" width="${(x(value) - left).toFixed(1)}" height="15" fill="${colour}"/>`,
      text(x(value) + 5, y + 12, value.toFixed(2)),
    );
  });
  return picture(height, parts);
}

/** @param rows `{ label, points: { name, value, peer }[] }` */
export function dots(rows) {
  const row = 30;
  const values = rows.flatMap(({ points }) => points.map(({ value }) => value));
  const from = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const to = 10 ** Math.ceil(Math.log10(Math.max(...values) + 1));
  const x = (value) => left + (Math.log(value / from) / Math.log(to / from)) * (width - left - right);
  const plot = row * rows.length + 10;
  const parts = [];
  for (let tick = from; tick <= to; tick *= 10) {
    parts.push(
      line(x(tick), 6, x(tick), plot, "#ddd"),
      text(x(tick), plot + 16, tick.toLocaleString("en-US"), 'text-anchor="middle"'),
    );
  }
  rows.forEach(({ label, points }, i) => {
    const y = 20 + i * row;
    parts.push(line(left, y, width - right, y, "#eee"), text(left - 8, y + 4, label, 'text-anchor="end"'));
    for (const { name, value, peer } of points) {
      const ours = peer === "Rulemint";
      const shape = ours
        ? `<path d="M${x(value).toFixed(1)} ${y - 9}l6 9l-6 9l-6-9z" fill="${colours.Rulemint}">`
        : `<circle cx="${x(value).toFixed(1)}" cy="${y}" r="5" fill="${colours[peer] ?? "#999"}" fill-opacity=".75">`;
      parts.push(
        `${shape}<title>${escaped(`${name}: ${value.toLocaleString("en-US")} bytes`)}</title></${ours ? "path" : "circle"}>`,
      );
    }
  });
  const peers = [...new Set(rows.flatMap(({ points }) => points.map(({ peer }) => peer)))];
  peers.forEach((peer, i) => {
    const at = left + i * 125;
    parts.push(
      `<rect x="${at}" y="${plot + 26}" width="10" height="10" fill="${colours[peer] ?? "#999"}"/>`,
      text(at + 15, plot + 35, peer),
    );
  });
  return picture(plot + 44, parts);
}
