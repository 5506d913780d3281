/** How an endpoint reaches its publisher: what its owner chose. Part of `config.json`. */
import { type JSONValue, isJSONObject } from "../core/encoding/json.js";
import { UsageError, quote } from "../core/errors.js";

export interface NetworkSettings {
  /** More addresses of the same tree, asked in this order after the first. */
  readonly mirrors: readonly string[];
  /** `http://` or `https://`, perhaps with `user:password@`. */
  readonly proxy?: string;
  /** Hosts that are reached without it. */
  readonly direct?: readonly string[];
  /** PEM certificates that vouch for servers, beside those that everybody trusts. */
  readonly ca?: string;
  /** At once to one server, for a large pack. */
  readonly connectionsMax?: number;
  readonly bytesPerSecondMax?: number;
  readonly bytesPerDayMax?: number;
}

export const noSettings: NetworkSettings = { mirrors: [] };

const mirrorsMax = 16;
export const usualConnections = 4;
const connectionsAtMost = 8;

/** What the file says, or a person. @throws UsageError USAGE */
export function parseNetwork(value: JSONValue | undefined): NetworkSettings {
  if (value === undefined) return noSettings;
  if (!isJSONObject(value)) throw wrong("settings", value);
  const { mirrors, proxy, direct, ca, connectionsMax, bytesPerSecondMax, bytesPerDayMax } = value;
  const settings = {
    mirrors: texts("mirrors", mirrors ?? []).map(requireTreeURL),
    ...(proxy !== undefined && { proxy: proxyURL(proxy) }),
    ...(direct !== undefined && { direct: texts("hosts", direct) }),
    ...(ca !== undefined && { ca: certificates(ca) }),
    ...(connectionsMax !== undefined && { connectionsMax: connections(connectionsMax) }),
    ...(bytesPerSecondMax !== undefined && { bytesPerSecondMax: count(bytesPerSecondMax) }),
    ...(bytesPerDayMax !== undefined && { bytesPerDayMax: count(bytesPerDayMax) }),
  };
  if (settings.mirrors.length > mirrorsMax) throw wrong(`at most ${mirrorsMax} mirrors`, "more");
  return settings;
}

/** For people: everything but the password. */
export function withoutPassword({ proxy, ...rest }: NetworkSettings): NetworkSettings {
  return proxy === undefined ? rest : { ...rest, proxy: proxy.replace(/\/\/[^@/]*@/, "//***@") };
}

/** SPEC §9.1.3 */
export function requireTreeURL(text: string): string {
  if (/^(https?:\/\/|file:\/\/\/)[^\s?#]+$/.test(text)) return text;
  throw wrong("an http, https or file address without query", text);
}

function proxyURL(value: JSONValue): string {
  const text = String(value);
  // Whatever is wrong with it, it may hold a password.
  if (!/^https?:\/\/[^\s?#/]+\/?$/.test(text)) throw wrong("a proxy's http or https address", "another");
  return text;
}

function texts(what: string, value: JSONValue): readonly string[] {
  if (!Array.isArray(value) || !value.every((one) => typeof one === "string")) throw wrong(what, value);
  return value as readonly string[];
}

function certificates(value: JSONValue): string {
  if (typeof value !== "string" || !value.includes("-----BEGIN CERTIFICATE-----")) {
    throw wrong("certificates in PEM", "another file");
  }
  return value;
}

function count(value: JSONValue): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) throw wrong("bytes", value);
  return value;
}

function connections(value: JSONValue): number {
  const isCount = typeof value === "number" && Number.isInteger(value);
  if (isCount && value >= 1 && value <= connectionsAtMost) return value;
  throw wrong(`1 to ${connectionsAtMost} connections`, value);
}

function wrong(expected: string, got: JSONValue): UsageError {
  const text = typeof got === "string" ? got : JSON.stringify(got);
  return new UsageError("USAGE", `expected ${expected}, got ${quote(text)}`);
}
