/**
 * One indicator as text, one as a record: `IndicatorReader` and `indicatorText` are each other's inverse on canonical text.
 * A file may hold millions of them, so the common types are told apart by one pass over the characters, and nothing but the record is made.
 */
import { byteString, byteStringBytes } from "../../encoding/bytes.js";
import { quoteBytes } from "../source-lines.js";
import { maskAddress, parseDecimal, parseIPv4, parseIPv6, putIPv4 } from "../ip-addresses.js";
import { refang } from "./defang.js";
import { hostKey, nameKey, putNameKey } from "./hosts.js";
import { patternProblem } from "./pattern.js";
import { indicatorType, type IndicatorType, typeMark } from "./types.js";
import { readURL, readURLPart } from "./urls.js";

export interface Problem {
  /** Where in the text. */
  readonly offset: number;
  readonly code: string;
  readonly message: string;
}

const indicatorBytesMax = 16 * 1024;

const digit = 1;
const letter = 2;
const dot = 4;
const colon = 8;
const slash = 16;
/** Brackets, and what else stands in a regular expression or a defanged form. */
const meta = 32;
const other = 64;
/** Part of a character beyond ASCII. */
const beyond = 128;

const classOf = new Uint8Array(256).fill(other, 0, 128).fill(beyond, 128);
for (let c = 0x30; c <= 0x39; c++) classOf[c] = digit;
for (let c = 0x61; c <= 0x7a; c++) classOf[c] = classOf[c - 0x20] = letter;
for (const [text, bit] of [
  ["-_", letter],
  [".", dot],
  [":", colon],
  ["/", slash],
  ["[](){}^$|\\*+?", meta],
] as const) {
  for (const c of text) classOf[c.charCodeAt(0)] = bit;
}

const hashTypes = new Map<number, IndicatorType>([
  [32, indicatorType.md5],
  [40, indicatorType.sha1],
  [64, indicatorType.sha256],
  [128, indicatorType.sha512],
]);

/** Values of hexadecimal digits by byte; 16 for all else. */
const hexDigits = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = "0123456789abcdef".indexOf(String.fromCharCode(byte).toLowerCase());
  return value < 0 ? 16 : value;
});

const textOf = (bytes: Uint8Array, start: number, end: number) => byteString(bytes.subarray(start, end));

/** Reads indicators one after the other. After each, `problem` and `warning` tell what there is to tell. */
export class IndicatorReader {
  problem: Problem | undefined;
  warning: Problem | undefined;
  /** The record is the first `length` bytes; none when that is 0. */
  bytes = new Uint8Array(1024);
  length = 0;

  /** The record of one indicator without white space around it, or `undefined` and a problem. */
  read(text: string): string | undefined {
    this.readBytes(byteStringBytes(text), 0, text.length);
    return this.length === 0 ? undefined : byteString(this.bytes.subarray(0, this.length));
  }

  /** The same of the bytes from `start` to `end`: the record stands in `bytes`. */
  readBytes(text: Uint8Array, start: number, end: number): void {
    this.problem = undefined;
    this.warning = undefined;
    this.length = 0;
    if (end - start > indicatorBytesMax) {
      this.refuse("IOC_TOO_LONG", `expected at most ${indicatorBytesMax} bytes, got ${end - start}`);
    } else this.classify(text, start, end, true);
  }

  private classify(text: Uint8Array, start: number, end: number, mayRefang: boolean): void {
    let seen = 0;
    for (let i = start; i < end; i++) seen |= classOf[text[i] as number] as number;
    if (text[start] === 0x2f) this.readPath(text, start, end);
    else if ((seen & ~(digit | letter | dot)) !== 0) this.readOther(text, start, end, seen, mayRefang);
    else if ((seen & dot) === 0) this.readHash(text, start, end);
    else if ((seen & letter) === 0) this.readIPv4(text, start, end);
    else if (putNameKey(text, start, end, false, this.bytes)) this.found(indicatorType.domain, end - start);
    else this.take(this.readName(textOf(text, start, end)));
  }

  /** Behind the type stand so many bytes of a key. */
  private found(type: IndicatorType, keyBytes: number): void {
    this.bytes[0] = type;
    this.length = 1 + keyBytes;
  }

  private take(record: string | undefined): void {
    if (record === undefined) return;
    if (record.length > this.bytes.length) this.bytes = new Uint8Array(2 * record.length);
    for (let i = 0; i < record.length; i++) this.bytes[i] = record.charCodeAt(i);
    this.length = record.length;
  }

  private readOther(bytes: Uint8Array, start: number, end: number, seen: number, mayRefang: boolean): void {
    if ((seen & ~(digit | dot | colon)) === 0 && this.readIPv4Port(bytes, start, end)) return;
    const text = textOf(bytes, start, end);
    if (mayRefang && ((seen & meta) !== 0 || /^[hf]xx?p/i.test(text))) {
      const plain = refang(text);
      if (plain !== text) {
        this.classify(byteStringBytes(plain), 0, plain.length, false);
        if (this.length > 0 && this.bytes[0] !== indicatorType.pattern) return;
        // "[.]" inside a regular expression is one of its classes.
        this.length = 0;
        this.problem = undefined;
      }
    }
    this.take(this.readText(text, seen));
  }

  private readText(text: string, seen: number): string | undefined {
    if (text.includes("://")) return this.fromURL(readURL(text), text);
    if (text.startsWith("*.") || text.startsWith(".")) return this.readName(text);
    if ((seen & slash) !== 0) return this.readSlashed(text, seen);
    if (text.startsWith("[") && text.includes(":")) return this.readBracketed(text);
    if ((seen & meta) !== 0) return this.readPattern(text);
    if ((seen & other) === 0) return (seen & colon) !== 0 ? this.readColons(text) : this.readName(text);
    return this.refuseUnknown(text);
  }

  private readHash(text: Uint8Array, start: number, end: number): void {
    const type = hashTypes.get(end - start);
    if (type === undefined) {
      this.refuseUnknown(textOf(text, start, end));
      return;
    }
    let seen = 0;
    for (let i = start, at = 1; i < end; i += 2) {
      const high = hexDigits[text[i] as number] as number;
      const low = hexDigits[text[i + 1] as number] as number;
      seen |= high | low;
      this.bytes[at++] = (high << 4) | low;
    }
    if (seen > 0xf) this.refuseUnknown(textOf(text, start, end));
    else this.found(type, (end - start) / 2);
  }

  private readIPv4(text: Uint8Array, start: number, end: number): void {
    if (putIPv4(text, start, end, this.bytes)) this.found(indicatorType.ipv4, 4);
    else {
      const expected = "expected four numbers up to 255 without leading zeros";
      this.refuse("IOC_IPV4", `${expected}, got ${quoteBytes(textOf(text, start, end))}`);
    }
  }

  /** False when it is none: then it is something else, or wrong in a way that others know how to tell. */
  private readIPv4Port(text: Uint8Array, start: number, end: number): boolean {
    const at = text.indexOf(0x3a, start);
    const port = parseDecimal(textOf(text, at + 1, end), 65535);
    if (port === undefined || !putIPv4(text, start, at, this.bytes)) return false;
    this.bytes[5] = port >> 8;
    this.bytes[6] = port;
    this.found(indicatorType.ipv4Port, 6);
    return true;
  }

  private readName(text: string): string | undefined {
    const key = nameKey(text.startsWith(".") ? `*${text}` : text, "dotted");
    if (key !== undefined) return typeMark(indicatorType.domain) + key;
    const odd = text.search(/[\x80-\xff]/);
    if (odd >= 0) {
      const expected = "expected letters and digits of an international name";
      return this.refuse("IOC_NOT_ASCII", `${expected}, got ${quoteBytes(text)}`, odd);
    }
    const expected = "labels of 1 to 63 letters, digits, hyphens and underscores, the last not a number";
    return this.refuse("IOC_DOMAIN", `expected a domain of ${expected}, got ${quoteBytes(text)}`);
  }

  private readPath(text: Uint8Array, start: number, end: number): void {
    if (end - start > 1) this.take(typeMark(indicatorType.path) + textOf(text, start, end));
    else this.refuse("IOC_PATH", 'expected a path below the root, got "/", which is everything');
  }

  /** A network in CIDR form, or a URL without scheme. */
  private readSlashed(text: string, seen: number): string | undefined {
    const at = text.indexOf("/");
    const front = text.slice(0, at);
    const v4 = parseIPv4(front);
    const address = v4 ?? ((seen & colon) !== 0 ? parseIPv6(front) : undefined);
    const behind = text.slice(at + 1);
    if (address !== undefined && /^[0-9]+$/.test(behind)) return this.readBlock(address, behind, at + 1);
    if (v4 === undefined && address !== undefined) {
      return this.refuse("IOC_CIDR", `expected a prefix length, got ${quoteBytes(behind)}`, at + 1);
    }
    if (
      (seen & meta) !== 0 &&
      hostKey(front.split(":")[0] as string, "dotted") === undefined &&
      /[\\[({^]/.test(front)
    ) {
      return this.readPattern(text);
    }
    return this.fromURL(readURLPart(text), text);
  }

  private readBlock(address: string, length: string, offset: number): string | undefined {
    const bits = address.length * 8;
    const prefix = parseDecimal(length, bits);
    if (prefix === undefined || prefix === 0) {
      return this.refuse(
        "IOC_CIDR",
        `expected a prefix length from 1 to ${bits}, got ${quoteBytes(length)}`,
        offset,
      );
    }
    const masked = maskAddress(address, prefix);
    if (masked !== address) {
      const message = `expected no bits behind the prefix of ${prefix}; they are taken as zero`;
      this.warning = { offset: 0, code: "IOC_CIDR_HOST_BITS", message };
    }
    const type = bits === 32 ? indicatorType.ipv4Block : indicatorType.ipv6Block;
    return typeMark(type) + masked + String.fromCharCode(prefix);
  }

  /** `[address]` or `[address]:port`. */
  private readBracketed(text: string): string | undefined {
    const close = text.indexOf("]");
    const address = parseIPv6(text.slice(1, Math.max(1, close)));
    if (address === undefined)
      return this.refuse("IOC_IPV6", `expected an IPv6 address in brackets, got ${quoteBytes(text)}`);
    if (close === text.length - 1) return typeMark(indicatorType.ipv6) + address;
    if (text[close + 1] !== ":") return this.refuseUnknown(text);
    return this.withPort(indicatorType.ipv6Port, address, text.slice(close + 2), close + 2);
  }

  private readColons(text: string): string | undefined {
    const at = text.indexOf(":");
    if (at !== text.lastIndexOf(":")) {
      const address = parseIPv6(text);
      if (address !== undefined) return typeMark(indicatorType.ipv6) + address;
      const code = parseIPv4(text.slice(0, at)) === undefined ? "IOC_IPV6" : "IOC_PORT";
      return this.refuse(code, `expected an IPv6 address or a single port, got ${quoteBytes(text)}`);
    }
    const host = text.slice(0, at);
    const port = text.slice(at + 1);
    const address = parseIPv4(host);
    if (address !== undefined) return this.withPort(indicatorType.ipv4Port, address, port, at + 1);
    const key = nameKey(host, "dotted");
    if (key === undefined)
      return this.refuse(
        "IOC_HOST",
        `expected an address or a domain before the port, got ${quoteBytes(host)}`,
      );
    return this.withPort(indicatorType.domainPort, key, port, at + 1);
  }

  private withPort(type: IndicatorType, key: string, text: string, offset: number): string | undefined {
    const port = parseDecimal(text, 65535);
    if (port === undefined)
      return this.refuse(
        "IOC_PORT",
        `expected a port up to 65535 without leading zeros, got ${quoteBytes(text)}`,
        offset,
      );
    return typeMark(type) + key + String.fromCharCode(port >> 8, port & 255);
  }

  private readPattern(text: string): string | undefined {
    const problem = patternProblem(text);
    if (problem === undefined) return typeMark(indicatorType.pattern) + text;
    return this.refuse("IOC_PATTERN", problem.message, problem.offset);
  }

  private fromURL(record: string | undefined, text: string): string | undefined {
    if (record !== undefined) return record;
    return this.refuse(
      "IOC_URL",
      `expected a host, perhaps a port, and no white space in a URL, got ${quoteBytes(text)}`,
    );
  }

  private refuseUnknown(text: string): undefined {
    const expected = "expected a hash, a domain, a URL, a path or an address";
    return this.refuse("IOC_UNKNOWN", `${expected}, got ${quoteBytes(text)}`);
  }

  private refuse(code: string, message: string, offset = 0): undefined {
    this.problem = { offset, code, message };
    return undefined;
  }
}
