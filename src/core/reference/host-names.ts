/** SPEC §3.9.2: names and hosts as keys, and international names in the form that DNS carries. */
import { ipv4Number, ipv6Number, ipv6Text } from "./addresses.js";
import { characters } from "./lines.js";

export function nameKeyOf(name: string, needsDot: boolean): string | undefined {
  const wild = name.startsWith("*.");
  const bare = (wild ? name.slice(2) : name).replace(/\.$/, "");
  const ascii = /[\x80-\xff]/.test(bare)
    ? inASCII(characters(bare))
    : bare.replace(/[A-Z]/g, (c) => c.toLowerCase());
  if (ascii === undefined || ascii.length > 253) return undefined;
  const labels = ascii.split(".");
  if (!labels.every((label) => /^[a-z0-9_-]{1,63}$/.test(label))) return undefined;
  if (/^\d+$/.test(labels.at(-1) as string)) return undefined;
  if (needsDot && !wild && labels.length < 2) return undefined;
  return [...(wild ? ["*"] : []), ...labels].reverse().join(" ");
}

export function hostKeyOf(host: string, needsDot: boolean): string | undefined {
  const brackets = /^\[(.*)\]$/s.exec(host);
  if (brackets !== null) {
    const address = ipv6Number(brackets[1] as string);
    return address === undefined ? undefined : `[${ipv6Text(address)}]`;
  }
  if (ipv4Number(host) !== undefined) return host;
  return host.startsWith("*") ? undefined : nameKeyOf(host, needsDot);
}

/** SPEC §3.9.7: letters and digits of these blocks, and no others. */
const blocks = (
  "0-7f df-f6 f8-2af 300-36f 370-374 376-37d 390-3ff 400-52f 561-586 5d0-5ea 620-63a 641-652 660-669 671-6d3 6f0-6f9 900-963 966-96f " +
  "971-df3 e01-e3a e40-e4e e50-e59 10d0-10fa 1780-17d3 1e00-1eff 3005-3007 3041-3096 30a1-30fe 3400-4dbf 4e00-9fff ac00-d7a3"
)
  .split(" ")
  .map((block) => block.split("-").map((end) => Number.parseInt(end, 16)) as [number, number]);

function mayStandInNames(point: number): boolean {
  return blocks.some(([first, last]) => first <= point && point <= last);
}

function inASCII(name: string): string | undefined {
  const labels = name.toLowerCase().normalize("NFC").split(".");
  const encoded: string[] = [];
  for (const label of labels) {
    const points = [...label].map((one) => one.codePointAt(0) as number);
    if (points.every((point) => point < 0x80)) encoded.push(label);
    else if (!points.every(mayStandInNames) || points.length > 63 || label.slice(2, 4) === "--")
      return undefined;
    else encoded.push(`xn--${punycode(points)}`);
  }
  return encoded.join(".");
}

/** RFC 3492 §6.3, as its text reads. */
function punycode(input: readonly number[]): string {
  let [n, delta, bias] = [128, 0, 72];
  let output = input
    .filter((point) => point < 128)
    .map((point) => String.fromCharCode(point))
    .join("");
  const b = output.length;
  let h = b;
  if (b > 0) output += "-";
  for (; h < input.length; delta++, n++) {
    const m = input.filter((point) => point >= n).reduce((least, point) => Math.min(least, point));
    delta += (m - n) * (h + 1);
    n = m;
    for (const point of input) {
      if (point < n) delta++;
      if (point !== n) continue;
      let q = delta;
      for (let k = 36; ; k += 36) {
        const t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
        if (q < t) break;
        output += "abcdefghijklmnopqrstuvwxyz0123456789"[t + ((q - t) % (36 - t))];
        q = Math.floor((q - t) / (36 - t));
      }
      output += "abcdefghijklmnopqrstuvwxyz0123456789"[q];
      bias = adapt(delta, h + 1, h === b);
      delta = 0;
      h++;
    }
  }
  return output;
}

/** RFC 3492 §6.1 */
function adapt(delta: number, points: number, first: boolean): number {
  let d = first ? Math.floor(delta / 700) : Math.floor(delta / 2);
  d += Math.floor(d / points);
  let k = 0;
  while (d > 455) {
    d = Math.floor(d / 35);
    k += 36;
  }
  return k + Math.floor((36 * d) / (d + 38));
}
