/** A bar for each release. The axis begins at 0, so that a small difference looks small. */
import type { Chart } from "../report.js";
import { element, escaped } from "./markup.js";

const drawing = { width: 720, height: 120, left: 52, bottom: 18, top: 8 } as const;
/** More bars than this become too thin to see: each then stands for several releases, and shows the last. */
const barsMax = 120;

export function renderChart({ title, bars }: Chart): string {
  const step = Math.ceil(bars.length / barsMax);
  const shown = bars.filter((_, i) => (bars.length - 1 - i) % step === 0);
  const highest = Math.max(1, ...shown.map(({ value }) => value));
  const room = drawing.width - drawing.left;
  const floor = drawing.height - drawing.bottom;
  const wide = room / Math.max(1, shown.length);
  const drawn = shown.map(({ label, value }, i) => {
    const height = ((floor - drawing.top) * value) / highest;
    const x = drawing.left + i * wide + wide * 0.15;
    const bar =
      `<rect x="${x.toFixed(1)}" y="${(floor - height).toFixed(1)}" width="${(wide * 0.7).toFixed(1)}" ` +
      `height="${height.toFixed(1)}" fill="#4a6b8a"/>`;
    return element("g", "", element("title", "", escaped(`${label}: ${value.toLocaleString("en-US")}`)), bar);
  });
  const name = (x: number, y: number, anchor: string, content: string) =>
    element(
      "text",
      `x="${x}" y="${y}" text-anchor="${anchor}" font-size="9" fill="#57606a"`,
      escaped(content),
    );
  return element(
    "svg",
    `xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${drawing.width} ${drawing.height}" role="img" ` +
      `aria-label="${escaped(title)}" class="chart" font-family="Liberation Sans, Arial, Helvetica, sans-serif"`,
    element("title", "", escaped(title)),
    `<path d="M${drawing.left} ${drawing.top}V${floor}H${drawing.width}" stroke="#8c959f" stroke-width="0.8" fill="none"/>`,
    ...drawn,
    name(drawing.left - 6, drawing.top + 7, "end", highest.toLocaleString("en-US")),
    name(drawing.left - 6, floor, "end", "0"),
    name(drawing.left, drawing.height - 5, "start", shown[0]?.label ?? ""),
    name(drawing.width, drawing.height - 5, "end", shown.at(-1)?.label ?? ""),
  );
}
