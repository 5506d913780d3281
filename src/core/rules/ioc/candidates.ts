/**
 * Which records answer a question about one indicator: itself, and what stands for it. A name is also asked for as the names above it, an
 * address as the networks that hold it, a URL in the forms that reach the same place, and then as its path and its host.
 */
import { maskAddress, parseIPv4, parseIPv6 } from "../ip-addresses.js";
import { type IndicatorType, indicatorType, typeMark, typeOf } from "./types.js";

/**
 * How a listed indicator stands to the one that was asked for. `exact`: the same, in its canonical form or one that reaches the same
 * place; `wildcard`: `*.` above it; `parent`: a name above it; `network`: an address in it; `host`, `path`: part of a URL, or without the
 * port; `port`: the same host with some port.
 */
export type Relation = "exact" | "wildcard" | "parent" | "network" | "host" | "path" | "port";

export interface Candidate {
  readonly record: string;
  readonly relation: Relation;
  /** What is looked for is this record with a port of two bytes behind it. */
  readonly anyPort?: true;
}

/** RFC 4291 §2.5.5.2: in front of an IPv4 address. */
export const mappedPrefix = `${"\0".repeat(10)}\xff\xff`;
const defaultPorts: Readonly<Record<string, string>> = {
  "http://": ":80",
  "https://": ":443",
  "ftp://": ":21",
};

/** Whether there is anything of a type at all: what would be of another is not made. An address alone has a hundred networks above it. */
export type IsListed = (type: IndicatorType) => boolean;

/** From a record as `IndicatorReader` reads it. Each record once, the nearest first. */
export function candidatesOf(record: string, isListed: IsListed = () => true): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  for (const one of relatives(record, isListed)) {
    if (isListed(typeOf(one.record)) && !found.has(one.record)) found.set(one.record, one);
  }
  return [...found.values()];
}

function* relatives(record: string, isListed: IsListed): Generator<Candidate> {
  yield { record, relation: "exact" };
  const key = record.slice(1);
  switch (typeOf(record)) {
    case indicatorType.ipv4:
    case indicatorType.ipv6:
      return yield* ofAddress(key, "exact", isListed);
    case indicatorType.ipv4Block:
    case indicatorType.ipv6Block:
      return yield* networks(key.slice(0, -1), key.charCodeAt(key.length - 1), isListed);
    case indicatorType.ipv4Port:
    case indicatorType.ipv6Port:
      return yield* ofAddress(key.slice(0, -2), "host", isListed);
    case indicatorType.domain:
      return yield* ofName(key, "exact");
    case indicatorType.domainPort:
      return yield* ofName(key.slice(0, -2), "host");
    case indicatorType.url:
    case indicatorType.urlPart:
      return yield* ofURL(record, isListed);
  }
}

function* ofAddress(address: string, relation: "exact" | "host", isListed: IsListed): Generator<Candidate> {
  const isShort = address.length === 4;
  yield { record: typeMark(isShort ? indicatorType.ipv4 : indicatorType.ipv6) + address, relation };
  if (relation === "exact") {
    const type = isShort ? indicatorType.ipv4Port : indicatorType.ipv6Port;
    yield { record: typeMark(type) + address, relation: "port", anyPort: true };
  }
  yield* networks(address, address.length * 8, isListed);
  // RFC 4291 §2.5.5.2: the same machine.
  if (address.startsWith(mappedPrefix)) {
    yield* ofAddress(address.slice(mappedPrefix.length), relation, isListed);
  }
}

function* networks(address: string, bits: number, isListed: IsListed): Generator<Candidate> {
  const type = address.length === 4 ? indicatorType.ipv4Block : indicatorType.ipv6Block;
  if (!isListed(type)) return;
  const mark = typeMark(type);
  for (let length = bits; length >= 1; length--) {
    const record = mark + maskAddress(address, length) + String.fromCharCode(length);
    yield { record, relation: "network" };
  }
}

/** Top-level names are no indicators, but `*.` may stand below one. */
function* ofName(key: string, relation: "exact" | "host"): Generator<Candidate> {
  const domain = typeMark(indicatorType.domain);
  yield { record: domain + key, relation };
  if (relation === "exact") {
    yield { record: typeMark(indicatorType.domainPort) + key, relation: "port", anyPort: true };
  }
  const labels = key.split(" ");
  for (let count = labels.length - 1; count >= 1; count--) {
    const above = labels.slice(0, count).join(" ");
    yield { record: `${domain}${above} *`, relation: "wildcard" };
    if (count > 1) yield { record: domain + above, relation: "parent" };
  }
}

interface Place {
  readonly key: string;
  /** `http://`; undefined where none was written. */
  readonly scheme?: string;
  readonly user: string;
  /** With its colon; empty where none was written. */
  readonly port: string;
  /** Path, query and fragment. */
  readonly rest: string;
}

function placeOf(record: string): Place {
  const [key = "", front = "", ...more] = record.slice(1).split("\0");
  const isPart = record.charCodeAt(0) === indicatorType.urlPart;
  const behind = isPart ? front : more.join("\0");
  const [port = ""] = /^:\d+/.exec(behind) ?? [];
  const place = { key, port, rest: behind.slice(port.length) };
  if (isPart) return { ...place, user: "" };
  const scheme = front.slice(0, front.indexOf("://") + 3);
  return { ...place, scheme, user: front.slice(scheme.length) };
}

function* ofURL(record: string, isListed: IsListed): Generator<Candidate> {
  const { key, scheme, user, port, rest } = placeOf(record);
  const usual = scheme === undefined ? undefined : defaultPorts[scheme];
  const ports = port === "" ? ["", ...(usual ? [usual] : [])] : port === usual ? [port, ""] : [port];
  const [plain = ""] = rest.split("#");
  const [path = ""] = plain.split("?");
  const schemes = scheme === undefined ? ["http://", "https://"] : [scheme];
  for (const front of schemes.flatMap((one) => [`${one}${user}`, one])) {
    for (const place of ports) {
      for (const behind of [rest, plain]) {
        const end = behind === "/" ? "" : behind;
        const same = `${typeMark(indicatorType.url)}${key}\0${front}\0${place}${end}`;
        yield { record: same, relation: "exact" };
      }
    }
  }
  const ends = [rest, plain, path].map((end) => (end === "" ? "/" : end));
  for (const place of ports) {
    for (const end of ends) {
      yield { record: `${typeMark(indicatorType.urlPart)}${key}\0${place}${end}`, relation: "exact" };
    }
  }
  for (const end of [plain, path]) {
    if (end.length > 1) yield { record: typeMark(indicatorType.path) + end, relation: "path" };
  }
  yield* ofHost(key, port === "" ? usual : port, isListed);
}

function* ofHost(key: string, port: string | undefined, isListed: IsListed): Generator<Candidate> {
  const address = addressOf(key);
  const number = Number(port?.slice(1) ?? 0);
  const bytes = String.fromCharCode(number >> 8, number & 0xff);
  if (address === undefined) {
    if (number > 0) yield { record: typeMark(indicatorType.domainPort) + key + bytes, relation: "host" };
    return yield* ofName(key, "host");
  }
  const type = address.length === 4 ? indicatorType.ipv4Port : indicatorType.ipv6Port;
  if (number > 0) yield { record: typeMark(type) + address + bytes, relation: "host" };
  yield* ofAddress(address, "host", isListed);
}

/** Of a host's key that is no name. */
export function addressOf(key: string): string | undefined {
  return key.startsWith("[") ? parseIPv6(key.slice(1, -1)) : parseIPv4(key);
}
