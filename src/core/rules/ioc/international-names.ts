/**
 * International domain names in the form that DNS carries (RFC 5891, RFC 3492): people list "bücher.example", packets hold
 * "xn--bcher-kva.example". Only letters and digits of the scripts below are taken. Dashes, dots and signs that merely look like those of
 * a domain are refused: they come from word processors and from look-alikes, and no resolver would ever ask for them.
 */

/** First and last code points, lower case where the script has case. Settled blocks, so that every machine agrees on them. */
const letters: readonly (readonly [number, number])[] = [
  [0xdf, 0xf6],
  [0xf8, 0x2af],
  [0x300, 0x36f],
  [0x370, 0x374],
  [0x376, 0x37d],
  [0x390, 0x3ff],
  [0x400, 0x52f],
  [0x561, 0x586],
  [0x5d0, 0x5ea],
  [0x620, 0x63a],
  [0x641, 0x652],
  [0x660, 0x669],
  [0x671, 0x6d3],
  [0x6f0, 0x6f9],
  [0x900, 0x963],
  [0x966, 0x96f],
  [0x971, 0xdf3],
  [0xe01, 0xe3a],
  [0xe40, 0xe4e],
  [0xe50, 0xe59],
  [0x10d0, 0x10fa],
  [0x1780, 0x17d3],
  [0x1e00, 0x1eff],
  [0x3005, 0x3007],
  [0x3041, 0x3096],
  [0x30a1, 0x30fe],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xac00, 0xd7a3],
];

/** The name with every label in ASCII, in lower case; `undefined` when a character has no place in a name. */
export function asciiName(name: string): string | undefined {
  const labels = name.toLowerCase().normalize("NFC").split(".").map(asciiLabel);
  return labels.includes(undefined) ? undefined : labels.join(".");
}

function asciiLabel(label: string): string | undefined {
  const points = Array.from(label, (character) => character.codePointAt(0) as number);
  if (points.every((point) => point < 0x80)) return label;
  const sound = points.every(
    (point) => point < 0x80 || letters.some(([low, high]) => point >= low && point <= high),
  );
  // RFC 5891 §4.2.3.1: hyphens in the third and fourth place are for encoded labels.
  if (!sound || points.length > 63 || label.slice(2, 4) === "--") return undefined;
  return `xn--${punycode(points)}`;
}

/** RFC 3492 §6.3, with the parameters of §5. */
function punycode(points: readonly number[]): string {
  const basic = points.filter((point) => point < 0x80);
  let output = String.fromCharCode(...basic) + (basic.length > 0 ? "-" : "");
  let handled = basic.length;
  let n = 0x80;
  let delta = 0;
  let bias = 72;
  while (handled < points.length) {
    const next = Math.min(...points.filter((point) => point >= n));
    delta += (next - n) * (handled + 1);
    n = next;
    for (const point of points) {
      if (point < n) delta++;
      if (point !== n) continue;
      output += variableLength(delta, bias);
      bias = adapt(delta, handled + 1, handled === basic.length);
      delta = 0;
      handled++;
    }
    delta++;
    n++;
  }
  return output;
}

function variableLength(delta: number, bias: number): string {
  let text = "";
  let q = delta;
  for (let k = 36; ; k += 36) {
    const threshold = Math.min(26, Math.max(1, k - bias));
    if (q < threshold) return text + digit(q);
    text += digit(threshold + ((q - threshold) % (36 - threshold)));
    q = Math.floor((q - threshold) / (36 - threshold));
  }
}

function digit(value: number): string {
  return String.fromCharCode(value < 26 ? 0x61 + value : 0x30 + value - 26);
}

function adapt(delta: number, count: number, first: boolean): number {
  let d = Math.floor(delta / (first ? 700 : 2));
  d += Math.floor(d / count);
  let k = 0;
  for (; d > 455; k += 36) d = Math.floor(d / 35);
  return k + Math.floor((36 * d) / (d + 38));
}
