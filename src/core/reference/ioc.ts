/** SPEC §3.9: indicators. What a line is follows from the first row of the table that fits it. */
import { ipv4Number, ipv6Number, numberBytes } from "./addresses.js";
import { hostKeyOf, nameKeyOf } from "./host-names.js";
import { sourceLines } from "./lines.js";
import { NotARule, type Reading, type ReferenceFile, type ReferenceLanguage, sortedOnce } from "./model.js";
import { isHostPattern } from "./host-patterns.js";

const indicatorBytesMax = 16 * 1024;
/** Makes the record, or finds that there is none. */
type Make = (text: string) => string;

export const referenceIOC: ReferenceLanguage = {
  order: "sorted",
  accepts: (path) => /\.txt$/i.test(path),
  read,
  join: (files) => ({ records: sortedOnce(files), conflicts: [] }),
  idOf: () => "",
};

function read({ path, bytes }: ReferenceFile): Reading {
  const { lines, errors } = sourceLines(bytes);
  const records = lines.flatMap(({ text, number }) => {
    // A "#" at the start of the line or behind a blank begins a comment.
    const indicator = text.replace(/(^|[ \t])#.*$/, "").replace(/^[ \t]+|[ \t]+$/g, "");
    if (indicator === "") return [];
    try {
      return [{ record: recordOf(indicator), line: number }];
    } catch (error) {
      if (!(error instanceof NotARule)) throw error;
      errors.push({ line: number, message: error.message });
      return [];
    }
  });
  return { path, records, errors };
}

export function recordOf(text: string): string {
  if (text.length > indicatorBytesMax) throw new NotARule("too long");
  const [make, plain] = formOf(text);
  return make(plain);
}

/** SPEC §3.9.6: the order in which forms are tried. */
function formOf(text: string): [Make, string] {
  if (text.startsWith("/")) return [aPath, text];
  if (/^[A-Za-z0-9_-]+$/.test(text)) return [aHash, text];
  if (/^[0-9.]+$/.test(text)) return [anIPv4, text];
  if (/^[A-Za-z0-9._-]+$/.test(text)) return [aName, text];
  const armed = withTeeth(text);
  if (armed !== text && isOtherThanPattern(armed)) return [unarmed, armed];
  return unarmedForm(text);
}

function unarmedForm(text: string): [Make, string] {
  if (text.includes("://")) return [aURL, text];
  if (/^\*?\./.test(text)) return [aName, text];
  if (text.includes("/")) return [slashed, text];
  if (text.startsWith("[") && text.includes(":")) return [bracketed, text];
  if (/[[\](){}^$|\\*+?]/.test(text)) return [aPattern, text];
  if (!/^[A-Za-z0-9._:\x80-\xff-]+$/.test(text)) throw new NotARule("no indicator");
  return [text.includes(":") ? withColons : aName, text];
}

/** The armed text is read by the same rows, but is not armed again. */
function unarmed(text: string): string {
  if (text.startsWith("/")) return aPath(text);
  if (/^[A-Za-z0-9_-]+$/.test(text)) return aHash(text);
  if (/^[0-9.]+$/.test(text)) return anIPv4(text);
  const [make] = unarmedForm(text);
  return make(text);
}

function isOtherThanPattern(text: string): boolean {
  try {
    return unarmed(text).charCodeAt(0) !== 16;
  } catch (error) {
    if (error instanceof NotARule) return false;
    throw error;
  }
}

/** SPEC §3.9.4 */
function withTeeth(text: string): string {
  if (!/[[\](){}^$|\\*+?]/.test(text) && !/^[hf]xx?p/i.test(text)) return text;
  return text
    .replace(/\[(:\/\/|[.:/])\]|\(\.\)|\{\.\}/g, (_all, inner) => inner ?? ".")
    .replace(/\[dot\]|\(dot\)|\{dot\}/gi, ".")
    .replace(/^h(xx)(ps?:\/\/)/i, (_all, _x, rest) => `htt${rest.toLowerCase()}`)
    .replace(/^f(x)(ps?:\/\/)/i, (_all, _x, rest) => `ft${rest.toLowerCase()}`);
}

function mark(type: number): string {
  return String.fromCharCode(type);
}

function aPath(text: string): string {
  if (text === "/") throw new NotARule("everything");
  return mark(15) + text;
}

function aHash(text: string): string {
  const type = [32, 40, 64, 128].indexOf(text.length) + 1;
  if (type === 0 || /[^0-9a-f]/i.test(text)) throw new NotARule("no hash");
  return mark(type) + numberBytes(BigInt(`0x${text}`), text.length / 2);
}

function anIPv4(text: string): string {
  return mark(5) + numberBytes(some(ipv4Number(text), "no IPv4 address"), 4);
}

function aName(text: string): string {
  return mark(11) + some(nameKeyOf(text.startsWith(".") ? `*${text}` : text, true), "no name");
}

function aPattern(text: string): string {
  if (!isHostPattern(text)) throw new NotARule("no pattern");
  return mark(16) + text;
}

/** SPEC §3.9.5 */
function aURL(text: string): string {
  const match = /^([a-z][a-z0-9+.-]{0,31}):\/\/((?:[^/?#]*@)?)([^/?#]*)(.*)$/is.exec(text);
  if (match === null || /[ \t]/.test(text)) throw new NotARule("no URL");
  const [, scheme, user, place, rest] = match as unknown as [string, string, string, string, string];
  const { key, port } = placeOf(place, false);
  const front = `${scheme.toLowerCase()}://${user}`;
  return `${mark(13)}${key}\0${front}\0${port}${rest === "/" ? "" : rest}`;
}

function aURLWithoutScheme(text: string): string {
  const at = text.indexOf("/");
  const { key, port } = placeOf(text.slice(0, at), true);
  if (/[ \t]/.test(text)) throw new NotARule("no URL");
  return `${mark(14)}${key}\0${port}${text.slice(at)}`;
}

function placeOf(text: string, needsDot: boolean): { key: string; port: string } {
  const match = /^(.*?)(?::([^:\]]*))?$/s.exec(text) as RegExpExecArray;
  const [, host = "", digits = ""] = match;
  const key = some(hostKeyOf(host, needsDot), "no host");
  return { key, port: digits === "" ? "" : `:${portOf(digits)}` };
}

function portOf(digits: string): number {
  if (!/^(0|[1-9]\d{0,4})$/.test(digits) || Number(digits) > 65535) throw new NotARule("no port");
  return Number(digits);
}

/** A network, a pattern with a slash in it, or a URL without its scheme. */
function slashed(text: string): string {
  const at = text.indexOf("/");
  const [front, behind] = [text.slice(0, at), text.slice(at + 1)];
  const [four, six] = [ipv4Number(front), ipv6Number(front)];
  if (four !== undefined && /^\d+$/.test(behind)) return network(6, BigInt(four), 32, behind);
  if (six !== undefined) return network(9, six, 128, behind);
  const host = front.split(":")[0] as string;
  if (/[\\[({^]/.test(front) && hostKeyOf(host, true) === undefined) return aPattern(text);
  return aURLWithoutScheme(text);
}

function network(type: number, address: bigint, bits: number, length: string): string {
  if (!/^[1-9]\d{0,2}$/.test(length) || Number(length) > bits) throw new NotARule("no prefix length");
  const hostBits = BigInt(bits - Number(length));
  const masked = (address >> hostBits) << hostBits;
  return mark(type) + numberBytes(masked, bits / 8) + mark(Number(length));
}

function bracketed(text: string): string {
  const match = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  const address = match === null ? undefined : ipv6Number(match[1] as string);
  if (address === undefined) throw new NotARule("no IPv6 address");
  const port = match?.[2];
  if (port === undefined) return mark(8) + numberBytes(address, 16);
  return mark(10) + numberBytes(address, 16) + numberBytes(portOf(port), 2);
}

function withColons(text: string): string {
  const parts = text.split(":");
  if (parts.length > 2) return mark(8) + numberBytes(some(ipv6Number(text), "no IPv6 address"), 16);
  const [host, port] = [parts[0] as string, numberBytes(portOf(parts[1] as string), 2)];
  const address = ipv4Number(host);
  if (address !== undefined) return mark(7) + numberBytes(address, 4) + port;
  return mark(12) + some(nameKeyOf(host, true), "no host") + port;
}

function some<T>(value: T | undefined, complaint: string): T {
  if (value === undefined) throw new NotARule(complaint);
  return value;
}
