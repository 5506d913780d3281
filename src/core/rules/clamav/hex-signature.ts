/**
 * The body of a content signature: hexadecimal bytes with `??`, `a?`, `*`, `{n-m}`, `[n-m]`, `(aa|bb)`, `!(aa|bb)` and the
 * boundaries `(B)`, `(L)`, `(W)`. One pass, one problem at most: behind a broken body nothing can be told apart any more.
 */
import { quoteBytes } from "../source-lines.js";
import type { Field, Report } from "./fields.js";

/** Gaps of a fixed length up to this are wildcard bytes; longer ones cut the signature in parts. */
const inlineGapMax = 128;
const anchoredGapMax = 32;
const alternativeDepthMax = 16;

class Malformed extends Error {
  constructor(
    readonly offset: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** @returns the canonical body; what is wrong with it goes to `report`. */
export function readHexSignature(field: Field, report: Report, wholeMin = 2): string {
  try {
    new HexScanner(field.text, wholeMin).scan();
  } catch (problem) {
    if (!(problem instanceof Malformed)) throw problem;
    report(field.offset + problem.offset, problem.code, problem.message);
  }
  // The case of digits means nothing; the boundaries are capitals, and B is a digit too.
  return field.text.replace(/\([BLW]\)|[A-F]+/g, (found) => (found[0] === "(" ? found : found.toLowerCase()));
}

class HexScanner {
  private at = 0;
  /** Neighbouring fixed bytes, now and at most in this part. */
  private run = 0;
  private longest = 0;
  private partStart = 0;
  private plain = true;

  constructor(
    private readonly text: string,
    /** Bytes that a body without any wildcard needs. */
    private readonly wholeMin: number,
  ) {}

  scan(): void {
    while (this.at < this.text.length) {
      const c = this.text[this.at] as string;
      if (isHexOrWild(c)) this.scanByte();
      else {
        this.plain = false;
        this.run = 0;
        if (c === "*") this.endPart(1);
        else if (c === "{") this.scanGap();
        else if (c === "[") this.scanAnchoredGap();
        else if (c === "(" || c === "!") this.scanGroup(0);
        else this.fail("CLAMAV_HEX", `expected hexadecimal digits, got ${quoteBytes(c)}`);
      }
    }
    this.endPart(0);
    if (this.plain && this.text.length < 2 * this.wholeMin) {
      this.at = 0;
      this.fail("CLAMAV_TOO_SHORT", `expected at least ${this.wholeMin} bytes, got ${this.text.length / 2}`);
    }
  }

  private scanByte(): void {
    const low = this.text[this.at + 1];
    if (low === undefined || !isHexOrWild(low)) {
      this.fail("CLAMAV_HEX", "expected hexadecimal digits in pairs, got a single one");
    }
    const fixed = this.text[this.at] !== "?" && low !== "?";
    this.run = fixed ? this.run + 1 : 0;
    this.longest = Math.max(this.longest, this.run);
    this.plain &&= fixed;
    this.at += 2;
  }

  /** The engine looks for two neighbouring fixed bytes in every part. */
  private endPart(skip: number): void {
    if (this.longest < 2) {
      this.at = this.partStart;
      this.fail("CLAMAV_TOO_SHORT", "expected two neighbouring fixed bytes in every part of the signature");
    }
    this.at += skip;
    this.partStart = this.at;
    this.run = 0;
    this.longest = 0;
  }

  private scanGap(): void {
    const { low, high, length } = this.readBounds("}", /^\{(\d{0,9})(-?)(\d{0,9})\}$/);
    if (low === high && low <= inlineGapMax) this.at += length;
    else this.endPart(length);
  }

  /** `aa[n-m]…` or `…[n-m]aa`: one byte at either end of a part. */
  private scanAnchoredGap(): void {
    const { high, length } = this.readBounds("]", /^\[(\d{1,9})(-?)(\d{0,9})\]$/);
    if (high > anchoredGapMax) {
      this.fail("CLAMAV_HEX", `expected a gap of at most ${anchoredGapMax} bytes in brackets`);
    }
    const behind = /^[0-9a-fA-F?]{2}(?=$|[*{])/.test(this.text.slice(this.at + length, this.at + length + 3));
    if (this.at - this.partStart !== 2 && !behind) {
      this.fail("CLAMAV_HEX", "expected a single byte on one side of a gap in brackets");
    }
    this.at += length;
  }

  private readBounds(close: string, form: RegExp): { low: number; high: number; length: number } {
    const end = this.text.indexOf(close, this.at);
    const whole = end < 0 || end - this.at > 24 ? "" : this.text.slice(this.at, end + 1);
    const found = form.exec(whole);
    const [, first = "", dash = "", second = ""] = found ?? [];
    if (found === null || first + second === "" || (close === "]" && dash !== "" && second === "")) {
      this.fail("CLAMAV_HEX", `expected a gap such as ${close === "}" ? "{4-8}" : "[4-8]"}`);
    }
    const low = first === "" ? 0 : Number(first);
    const high = dash === "" ? low : second === "" ? Number.POSITIVE_INFINITY : Number(second);
    if (low > high)
      this.fail("CLAMAV_HEX", `expected the smaller number of a gap in front, got ${low}-${high}`);
    return { low, high, length: whole.length };
  }

  /** Alternatives or a boundary, perhaps negated; `this.at` is on the "(" or the "!". */
  private scanGroup(depth: number): void {
    const start = this.at;
    const negated = this.text[start] === "!";
    const open = negated ? start + 1 : start;
    if (this.text[open] !== "(") this.fail("CLAMAV_HEX", 'expected "(" behind "!"');
    if (/^\([BLW]\)$/.test(this.text.slice(open, open + 3))) {
      this.at = open + 3;
      return;
    }
    if (depth === alternativeDepthMax) {
      this.fail("CLAMAV_HEX", `expected alternatives nested at most ${alternativeDepthMax} deep`);
    }
    this.at = open + 1;
    const lengths = this.scanAlternatives(start, depth, negated);
    if (negated && lengths.size > 1) {
      this.at = start;
      this.fail("CLAMAV_HEX", 'expected alternatives of one length behind "!"');
    }
  }

  private scanAlternatives(start: number, depth: number, negated: boolean): Set<number> {
    const lengths = new Set<number>();
    let first = this.at;
    for (;;) {
      const c = this.text[this.at];
      if (c === undefined) {
        this.at = start;
        this.fail("CLAMAV_HEX", 'expected a ")" that closes the alternatives');
      } else if (c === "|" || c === ")") {
        if (this.at === first) this.fail("CLAMAV_HEX", "expected bytes in every alternative, got none");
        lengths.add(this.at - first);
        first = ++this.at;
        if (c === ")") return lengths;
      } else if (isHexOrWild(c)) this.scanByteInGroup();
      else if (negated) this.fail("CLAMAV_HEX", `expected plain bytes behind "!", got ${quoteBytes(c)}`);
      else if (c === "(" || c === "!") this.scanGroup(depth + 1);
      else if (c === "{") {
        const { high, length } = this.readBounds("}", /^\{(\d{0,9})(-?)(\d{0,9})\}$/);
        if (high === Number.POSITIVE_INFINITY)
          this.fail("CLAMAV_HEX", "expected bounded gaps in alternatives");
        this.at += length;
      } else this.fail("CLAMAV_HEX", `expected hexadecimal digits in alternatives, got ${quoteBytes(c)}`);
    }
  }

  private scanByteInGroup(): void {
    const low = this.text[this.at + 1];
    if (low === undefined || !isHexOrWild(low)) {
      this.fail("CLAMAV_HEX", "expected hexadecimal digits in pairs, got a single one");
    }
    this.at += 2;
  }

  private fail(code: string, message: string): never {
    throw new Malformed(this.at, code, message);
  }
}

function isHexOrWild(c: string): boolean {
  return (c >= "0" && c <= "9") || (c >= "a" && c <= "f") || (c >= "A" && c <= "F") || c === "?";
}
