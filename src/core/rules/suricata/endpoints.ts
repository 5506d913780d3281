/** Addresses and ports of a rule's header: single ones, ranges, variables, and lists with negation and nesting. */
import { parseDecimal, parseIPv4, parseIPv6 } from "../ip-addresses.js";
import { quoteBytes } from "../source-lines.js";
import type { Token } from "./header.js";
import type { Report } from "./rule-text.js";

const depthMax = 16;
const variable = /^\$[A-Za-z_][A-Za-z0-9_]*$/;

/** @returns the canonical text, which holds no white space. */
export function readAddress(token: Token, report: Report): string {
  return new ListReader(token, report, "SURICATA_ADDRESS", "an address", addressProblem).read();
}

export function readPort(token: Token, report: Report): string {
  return new ListReader(token, report, "SURICATA_PORT", "a port", portProblem).read();
}

/** Reads `item`, `!item`, `[item,!item,[item]]`; what an item may be is for `problemOf` to say. */
class ListReader {
  private at = 0;
  private canonical = "";
  private sound = true;

  constructor(
    private readonly token: Token,
    private readonly report: Report,
    private readonly code: string,
    private readonly what: string,
    private readonly problemOf: (item: string) => string | undefined,
  ) {}

  read(): string {
    this.readItem(0, false);
    if (this.sound && this.at < this.token.text.length)
      this.refuse(`expected ${this.what}, got more behind it`);
    return this.canonical;
  }

  private readItem(depth: number, negated: boolean): void {
    const c = this.peek();
    if (c === "!" && !negated) {
      this.take();
      this.readItem(depth, true);
    } else if (c === "[") this.readList(depth);
    else this.readSingle(negated);
  }

  private readList(depth: number): void {
    if (depth === depthMax) {
      this.refuse(`expected lists nested at most ${depthMax} deep`);
      return;
    }
    this.take();
    do {
      this.readItem(depth + 1, false);
      if (!this.sound) return;
    } while (this.peek() === "," && this.take());
    if (this.peek() === "]") this.take();
    else this.refuse('expected "," or "]" in a list');
  }

  private readSingle(negated: boolean): void {
    this.peek();
    const start = this.at;
    while (this.at < this.token.text.length && !",[] \t".includes(this.token.text[this.at] as string))
      this.at++;
    const item = this.token.text.slice(start, this.at);
    const problem =
      negated && item === "any" ? 'expected something narrower than "any" behind "!"' : this.problemOf(item);
    this.canonical += item;
    // A wrong item does not hide the ones behind it.
    if (problem !== undefined) this.report(this.token.offset + start, this.code, problem);
  }

  private peek(): string | undefined {
    while (this.token.text[this.at] === " " || this.token.text[this.at] === "\t") this.at++;
    return this.token.text[this.at];
  }

  private take(): true {
    this.canonical += this.token.text[this.at];
    this.at++;
    return true;
  }

  private refuse(message: string): void {
    this.sound = false;
    this.report(this.token.offset + this.at, this.code, message);
  }
}

function addressProblem(item: string): string | undefined {
  if (item === "any" || variable.test(item)) return undefined;
  const got = quoteBytes(item);
  const dash = item.indexOf("-");
  if (dash > 0) {
    const low = parseIPv4(item.slice(0, dash)) ?? parseIPv6(item.slice(0, dash));
    const high = parseIPv4(item.slice(dash + 1)) ?? parseIPv6(item.slice(dash + 1));
    if (low === undefined || high === undefined || low.length !== high.length) {
      return `expected two addresses of one kind in a range, got ${got}`;
    }
    return low <= high ? undefined : `expected the lower address of a range in front, got ${got}`;
  }
  const slash = item.indexOf("/");
  const text = slash < 0 ? item : item.slice(0, slash);
  const address = parseIPv4(text) ?? parseIPv6(text);
  if (address === undefined) return `expected an address, a network, a $variable or any, got ${got}`;
  if (slash < 0) return undefined;
  const behind = item.slice(slash + 1);
  const mask = address.length === 4 && parseIPv4(behind) !== undefined;
  if (mask || parseDecimal(behind, address.length * 8) !== undefined) return undefined;
  return `expected a prefix of at most ${address.length * 8} bits behind the "/", got ${got}`;
}

function portProblem(item: string): string | undefined {
  if (item === "any" || variable.test(item)) return undefined;
  const got = quoteBytes(item);
  const bounds = item.split(":");
  const values = bounds.map((bound) => (bound === "" ? undefined : parseDecimal(bound, 65535)));
  const unreadable = bounds.some((bound, i) => bound !== "" && values[i] === undefined);
  if (bounds.length > 2 || unreadable || values.every((value) => value === undefined)) {
    return `expected a port up to 65535, a range such as 80:90, a $variable or any, got ${got}`;
  }
  const [low, high] = values;
  if (low !== undefined && high !== undefined && low > high) {
    return `expected the lower port of a range in front, got ${got}`;
  }
  return undefined;
}
