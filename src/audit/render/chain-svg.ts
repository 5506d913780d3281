/**
 * The signature chain as a drawing: a row of boxes for each lane, arrows from the pinned thing on, and the manifest at the right, where
 * all lanes end. One unit is a quarter of a millimetre when the drawing fills the width of an A4 page.
 */
import type { ChainBox, ChainLane, SignatureChain } from "../chain.js";
import { element, escaped, visible } from "./markup.js";

const drawing = { width: 720, target: 132, gap: 20, laneGap: 16, title: 16 } as const;
const box = { padding: 7, heading: 13, line: 11.5, linesMax: 8, radius: 3 } as const;
/** Advance of a digit of a wide sans-serif face at the two sizes that are used: what is folded by it fits in every face. */
const letter = { heading: 6.9, line: 5.8 } as const;

interface PlacedLane {
  readonly lane: ChainLane;
  readonly top: number;
  readonly height: number;
  readonly boxWidth: number;
}

export function renderChain(chain: SignatureChain): string {
  const lanes = placeLanes(chain.lanes);
  const targetBottom = drawing.title + boxHeight(chain.target, drawing.target - 2);
  const bottom = Math.max(targetBottom, ...lanes.map(({ top, height }) => top + height));
  const label = `Chain of signatures that ends at: ${chain.target.heading}`;
  return element(
    "svg",
    `xmlns="http://www.w3.org/2000/svg" viewBox="-1 0 ${drawing.width + 2} ${bottom + 2}" role="img" ` +
      `aria-label="${escaped(label)}" class="chain" font-family="Liberation Sans, Arial, Helvetica, sans-serif"`,
    element("title", "", escaped(label)),
    ...lanes.map(drawLane),
    drawTarget(chain.target, bottom),
  );
}

function placeLanes(lanes: readonly ChainLane[]): PlacedLane[] {
  const space = drawing.width - drawing.target - drawing.gap;
  let top = 0;
  return lanes.map((lane) => {
    const count = lane.boxes.length;
    const boxWidth = (space - drawing.gap * (count - 1)) / count;
    const height = Math.max(...lane.boxes.map((one) => boxHeight(one, boxWidth)));
    const placed = { lane, top: top + drawing.title, height, boxWidth };
    top = placed.top + height + drawing.laneGap;
    return placed;
  });
}

function drawLane({ lane, top, height, boxWidth }: PlacedLane): string {
  const middle = top + height / 2;
  const parts = [text(0, top - 5, lane.title, 'font-size="9.5" fill="#57606a"')];
  lane.boxes.forEach((one, i) => {
    const left = i * (boxWidth + drawing.gap);
    parts.push(drawBox(one, left, top, boxWidth, height, i === 0 ? "#eef3f8" : "#ffffff"));
    parts.push(arrow(left + boxWidth, left + boxWidth + drawing.gap, middle));
  });
  return element("g", "", ...parts);
}

function drawTarget(target: ChainBox, bottom: number): string {
  const left = drawing.width - drawing.target;
  const height = bottom - drawing.title;
  return drawBox(target, left + 1, drawing.title, drawing.target - 2, height, "#f4f8f1");
}

function drawBox(
  { heading, lines }: ChainBox,
  left: number,
  top: number,
  width: number,
  height: number,
  fill: string,
): string {
  const shape =
    `<rect x="${round(left)}" y="${round(top)}" width="${round(width)}" height="${round(height)}" ` +
    `rx="${box.radius}" fill="${fill}" stroke="#8c959f" stroke-width="0.8"/>`;
  const x = left + box.padding;
  let y = top + box.padding + 9;
  const parts = [shape];
  for (const line of fold(heading, width, letter.heading)) {
    parts.push(text(x, y, line, 'font-size="10.5" font-weight="bold" fill="#1f2328"'));
    y += box.heading;
  }
  const linesMax = Math.max(
    box.linesMax,
    Math.floor((height - 2 * box.padding - 2 * box.heading) / box.line),
  );
  for (const line of bodyLines(lines, width, linesMax)) {
    parts.push(text(x, y, line, 'font-size="9" fill="#1f2328"'));
    y += box.line;
  }
  return element("g", "", element("title", "", escaped([heading, ...lines].join("\n"))), ...parts);
}

function boxHeight({ heading, lines }: ChainBox, width: number): number {
  const headings = fold(heading, width, letter.heading).length * box.heading;
  return 2 * box.padding + headings + bodyLines(lines, width).length * box.line;
}

function bodyLines(lines: readonly string[], width: number, linesMax: number = box.linesMax): string[] {
  const folded = lines.flatMap((line) => fold(line, width, letter.line));
  if (folded.length <= linesMax) return folded;
  return [...folded.slice(0, linesMax - 1), `and ${folded.length - linesMax + 1} lines more`];
}

/** Lines that fit, broken at blanks where there are any. */
function fold(line: string, width: number, advance: number): string[] {
  const room = Math.max(4, Math.floor((width - 2 * box.padding) / advance));
  const folded: string[] = [];
  let current = "";
  for (const word of visible(line).replace(/\s+/g, " ").split(" ")) {
    let rest = word;
    if (current !== "" && current.length + 1 + rest.length > room) {
      folded.push(current);
      current = "";
    }
    for (; rest.length > room; rest = rest.slice(room)) folded.push(rest.slice(0, room));
    current = current === "" ? rest : `${current} ${rest}`;
  }
  return [...folded, ...(current === "" ? [] : [current])];
}

function arrow(from: number, to: number, y: number): string {
  const tip = to - 2;
  const line = `<path d="M${round(from + 2)} ${round(y)}H${round(tip - 4)}" stroke="#57606a" stroke-width="1.1" fill="none"/>`;
  const head = `<path d="M${round(tip)} ${round(y)}l-6 -3v6z" fill="#57606a"/>`;
  return `${line}${head}`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return element("text", `x="${round(x)}" y="${round(y)}" ${attributes}`, escaped(content));
}

const round = (value: number): string => String(Math.round(value * 10) / 10);
