/**
 * Real files, spoiled at random and the same every time: both implementations find the same rules in what is left. Where one is allowed to
 * be stricter it is said: the second reader of YAML knows fewer of its odder forms, and does not judge types of YARA expressions.
 */
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../../src/core/encoding/bytes.js";
import { type RuleKind, ruleKinds } from "../../../src/core/rules/model.js";
import { ruleLanguage } from "../../../src/core/rules/registry.js";
import { corpusDates, corpusFiles, haveCorpora } from "../../support/corpora.js";
import { readByBoth } from "./both.js";

const filesOfEachKind = Number(process.env.RULEMINT_MUTATIONS ?? 60);
const partBytesMax = 20_000;
const pieces: Readonly<Record<RuleKind, string>> = {
  clamav:
    ": ; * {4-5} [2-3] (aa|bb) !(aa|b) ?? a? ::iw AB , | & ( ) >1 =0 73 /x/i # Target:1 Engine:51-255 EP+0 $1 0",
  ioc: "hxxp :// [.] *. . / : # 80 ::1 ä % ? ^ (a|b) [a-z] {2} \\ @ [dot] A - _ 1.2.3.4 [::1] fxp",
  sigma: ":· -· ' \" | > |- { } [ ] , \\ '' null ~ True not ( ) and or é &a *a !t % 0x1F 2024-01-01 \\x41",
  suricata:
    '; \\; |414| |4a4B| " ! [ ] , any $X rev:3; sid:1; gid:2; à \\ # nocase; -> <> flow:a,,b; content:!"a|20|b"; :',
  yara: '\\q § " { } and or not ( ) $a $ private rule 0xAB 1KB \\x41 /* // ?? | nocase wide xor(1-2) ~ them * !a[1] @a',
};

/** A generator of numbers that every run draws alike (Numerical Recipes). */
function draws(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function spoiled(bytes: Uint8Array, kind: RuleKind, draw: (below: number) => number): Uint8Array {
  const words = pieces[kind].split(" ").map((word) => new TextEncoder().encode(word.replace("·", " ")));
  let part = bytes;
  if (bytes.length > partBytesMax) {
    const start = bytes.indexOf(10, draw(bytes.length - partBytesMax)) + 1;
    part = bytes.subarray(start, bytes.lastIndexOf(10, start + partBytesMax) + 1);
  }
  for (let edits = 1 + draw(kind === "sigma" ? 2 : 6); edits > 0; edits--) {
    const at = draw(part.length + 1);
    const word = words[draw(words.length)] as Uint8Array;
    const removed = draw(2) * draw(6);
    part = concatBytes(
      part.subarray(0, at),
      draw(3) > 0 ? word : new Uint8Array(),
      part.subarray(at + removed),
    );
  }
  return part;
}

describe.runIf(haveCorpora)("both implementations", () => {
  it.each(ruleKinds)("find the same in spoiled files of %s", { timeout: 600_000 }, async (kind) => {
    const draw = draws(20261122);
    const all = await corpusFiles(kind, corpusDates(kind).at(-1) as string);
    const files = all.filter(({ path }) => ruleLanguage(kind).accepts(path));
    let rules = 0;
    for (let i = 0; i < filesOfEachKind; i++) {
      const { path, bytes } = files[draw(files.length)] as (typeof files)[number];
      const { first, second } = readByBoth(kind, { path, bytes: spoiled(bytes, kind, draw) });
      const [most, least] = kind === "sigma" ? [first, second] : [second, first];
      expect(most).toEqual(expect.arrayContaining(least));
      if (kind !== "sigma" && kind !== "yara") expect(second).toEqual(first);
      rules += first.length;
    }
    expect(rules).toBeGreaterThan(filesOfEachKind / 4);
  });
});
