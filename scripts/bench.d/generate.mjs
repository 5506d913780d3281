// Rules of a publisher that does not exist, the same on every machine: lists of indicators and YARA files.
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const linesPerFile = 500_000;
const rulesPerFile = 50;
const words =
  "alpha bravo cargo delta ember flint grove haven ivory jade karma lunar maple noble ocean pixel quartz raven solar tidal".split(
    " ",
  );
const ends = ["com", "net", "org", "info", "example", "test", "io", "ch"];

/** A number that only `seed` decides, well mixed (murmur3's finalizer). */
function mix(seed) {
  let h = seed | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
const hex = (seed) => mix(seed).toString(16).padStart(8, "0");

/** Six of ten are SHA-256, three host names, one an address. */
export function indicator(number) {
  const kind = number % 10;
  if (kind < 6) {
    let text = "";
    for (let i = 0; i < 8; i++) text += hex(number * 8 + i + 1);
    return text;
  }
  const a = mix(number);
  if (kind < 9)
    return `${words[a % 20]}-${number.toString(36)}.${words[(a >>> 8) % 20]}${(a >>> 13) % 4096}.${ends[(a >>> 5) % 8]}`;
  const b = mix(number + 0x5bd1e995);
  return `${1 + (a % 223)}.${(a >>> 8) & 255}.${b & 255}.${(b >>> 8) & 255}`;
}

function yaraRule(number) {
  const name = `Scale_${words[number % 20]}_${number}`;
  return `rule ${name}
{
    meta:
        author = "nobody"
        description = "sample ${number} of a publisher that does not exist"
    strings:
        $a = "${words[mix(number) % 20]} ${hex(number)}" ascii wide
        $b = { ${hex(number + 1)
          .match(/../g)
          .join(" ")} ?? ${hex(number + 2)
          .match(/../g)
          .join(" ")} }
        $c = /${words[mix(number + 3) % 20]}[0-9]{2,${2 + (number % 7)}}/
    condition:
        uint16(0) == 0x5A4D and (2 of them or #a > ${1 + (number % 5)})
}
`;
}

/** Folders `hashes-0` … of at most six lists each and `yara`, below `folder`. */
export function generate(folder, indicators, yaraRules) {
  for (let start = 0, file = 0; start < indicators; start += linesPerFile, file++) {
    const ruleset = join(folder, `list-${Math.floor(file / 6)}`);
    mkdirSync(ruleset, { recursive: true });
    const handle = openSync(join(ruleset, `part-${String(file).padStart(3, "0")}.txt`), "w");
    const end = Math.min(indicators, start + linesPerFile);
    for (let at = start; at < end; ) {
      const lines = [];
      for (const stop = Math.min(end, at + 20_000); at < stop; at++) lines.push(indicator(at));
      writeSync(handle, `${lines.join("\n")}\n`);
    }
    closeSync(handle);
  }
  for (let start = 0, file = 0; start < yaraRules; start += rulesPerFile, file++) {
    const ruleset = join(folder, "yara");
    mkdirSync(ruleset, { recursive: true });
    const rules = Array.from({ length: Math.min(rulesPerFile, yaraRules - start) }, (_, i) =>
      yaraRule(start + i),
    );
    writeFileSync(join(ruleset, `rules-${String(file).padStart(5, "0")}.yar`), rules.join("\n"));
  }
}

/** One line of one list is another one. */
export function changeOneLine(path, number) {
  const text = readFileSync(path, "latin1");
  const at = text.indexOf("\n", text.length >> 1) + 1;
  writeFileSync(
    path,
    `${text.slice(0, at)}${indicator(number)}${text.slice(text.indexOf("\n", at))}`,
    "latin1",
  );
}

/** One rule of one file has another string. */
export function changeOneRule(path) {
  const text = readFileSync(path, "latin1");
  const changed = text.replace(/\$a = "/, "$&changed ");
  if (changed === text) throw new Error(`no rule in ${path}`);
  writeFileSync(path, changed, "latin1");
}

/** So many lines of the list go, evenly, and as many new ones come at its end. */
export function changeLines(path, count, number) {
  const lines = readFileSync(path, "latin1").trimEnd().split("\n");
  const step = Math.floor(lines.length / count);
  const kept = lines.filter((_, i) => i % step !== 0 || i / step >= count);
  for (let i = 0; i < count; i++) kept.push(indicator(number + i));
  writeFileSync(path, `${kept.join("\n")}\n`, "latin1");
}
