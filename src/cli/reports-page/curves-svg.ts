/** Counts that grow over time, as lines in one SVG. The axis begins at 0; what happened meanwhile stands as numbered lines across. */
import { element, escaped } from "../../audit/render/markup.js";
import { formatTime } from "../figures.js";

export interface Curve {
  readonly name: string;
  readonly colour: string;
  /** Lengths of dash and gap; absent for a whole line. */
  readonly dashes?: string;
  /** Oldest first: milliseconds of the epoch, and the count by then. */
  readonly points: readonly (readonly [at: number, count: number])[];
}

export interface Curves {
  readonly title: string;
  /** Milliseconds of the epoch; `to` is above `from`. */
  readonly from: number;
  readonly to: number;
  readonly curves: readonly Curve[];
  /** Milliseconds of the epoch, oldest first. */
  readonly marks: readonly number[];
}

const drawing = { width: 720, height: 200, left: 52, right: 8, bottom: 18, top: 36 } as const;
const floor = drawing.height - drawing.bottom;
const edge = drawing.width - drawing.right;
/** More points than this would hide the line. */
const dotsMax = 200;

export function renderCurves({ title, from, to, curves, marks }: Curves): string {
  const highest = Math.max(1, ...curves.flatMap(({ points }) => points.map(([, count]) => count)));
  const x = (at: number) =>
    (
      drawing.left +
      ((edge - drawing.left) * (Math.min(Math.max(at, from), to) - from)) / (to - from)
    ).toFixed(1);
  const y = (count: number) => (floor - ((floor - drawing.top) * count) / highest).toFixed(1);
  const lines = curves.map(({ name, colour, dashes, points }) => {
    const way = points.map(([at, count]) => `${x(at)} ${y(count)}`).join("L");
    const dash = dashes === undefined ? "" : ` stroke-dasharray="${dashes}"`;
    const line = `<path d="M${way}" stroke="${colour}" stroke-width="1.8"${dash} fill="none"/>`;
    const dots = points.map(([at, count]) =>
      element(
        "circle",
        `cx="${x(at)}" cy="${y(count)}" r="2" fill="${colour}"`,
        element("title", "", escaped(`${formatTime(new Date(at).toISOString())}: ${shown(count)} ${name}`)),
      ),
    );
    return points.length === 0 ? "" : line + (dots.length > dotsMax ? "" : dots.join(""));
  });
  const across = marks.map((at, i) => {
    // Two heights, so that neighbours do not hide each other.
    const top = drawing.top - (i % 2) * 8;
    const path = `<path d="M${x(at)} ${top}V${floor}" stroke="#8c959f" stroke-width="0.8" stroke-dasharray="2 3"/>`;
    return path + words(Number(x(at)), top - 2, "middle", String(i + 1));
  });
  return element(
    "svg",
    `xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${drawing.width} ${drawing.height}" role="img" ` +
      `aria-label="${escaped(title)}" font-family="Liberation Sans, Arial, Helvetica, sans-serif"`,
    element("title", "", escaped(title)),
    `<path d="M${drawing.left} ${drawing.top}V${floor}H${edge}" stroke="#8c959f" stroke-width="0.8" fill="none"/>`,
    ...across,
    ...lines,
    ...curves.map(({ name, colour }, i) => words(drawing.left + 6 + i * 90, 9, "start", name, colour)),
    words(drawing.left - 6, drawing.top + 3, "end", shown(highest)),
    words(drawing.left - 6, floor, "end", "0"),
    words(drawing.left, drawing.height - 5, "start", formatTime(new Date(from).toISOString())),
    words(edge, drawing.height - 5, "end", formatTime(new Date(to).toISOString())),
  );
}

export const shown = (count: number): string => count.toLocaleString("en-US");

function words(x: number, y: number, anchor: string, content: string, colour = "#57606a"): string {
  return element(
    "text",
    `x="${x}" y="${y}" text-anchor="${anchor}" font-size="9" fill="${colour}"`,
    escaped(content),
  );
}
