/**
 * URLs, with a scheme and without, as records. Scheme and host are put in lower case and a lone "/" behind the host is dropped;
 * everything else is kept as written, because servers may tell it apart.
 */
import { parseDecimal } from "../ip-addresses.js";
import { hostKey, hostText, lowerASCII } from "./hosts.js";
import { indicatorType, typeMark } from "./types.js";

const separator = "\0";

/** `scheme://[user@]host[:port][/path][?query][#fragment]`; `undefined` when it is not one. */
export function readURL(text: string): string | undefined {
  const at = text.indexOf("://");
  const scheme = lowerASCII(text.slice(0, at));
  if (!/^[a-z][a-z0-9+.-]{0,31}$/.test(scheme) || /[ \t]/.test(text)) return undefined;
  const start = at + 3;
  const length = text.slice(start).search(/[/?#]/);
  const end = length < 0 ? text.length : start + length;
  const authority = text.slice(start, end);
  const user = authority.lastIndexOf("@") + 1;
  const place = readPlace(authority.slice(user), "any");
  if (place === undefined) return undefined;
  const rest = text.slice(end);
  const front = `${scheme}://${authority.slice(0, user)}`;
  const behind = place.port + (rest === "/" ? "" : rest);
  return typeMark(indicatorType.url) + place.key + separator + front + separator + behind;
}

/** `host[:port]/path`; `undefined` when it is not one. */
export function readURLPart(text: string): string | undefined {
  const end = text.indexOf("/");
  const place = readPlace(text.slice(0, end), "dotted");
  if (place === undefined || /[ \t]/.test(text)) return undefined;
  return typeMark(indicatorType.urlPart) + place.key + separator + place.port + text.slice(end);
}

/** The text of either record. */
export function urlText(record: string): string {
  const first = record.indexOf(separator);
  const host = hostText(record.slice(1, first));
  if (record.charCodeAt(0) === indicatorType.urlPart) return host + record.slice(first + 1);
  const second = record.indexOf(separator, first + 1);
  return record.slice(first + 1, second) + host + record.slice(second + 1);
}

function readPlace(text: string, rule: "dotted" | "any"): { key: string; port: string } | undefined {
  const at = text.lastIndexOf(":");
  const hasPort = at > text.lastIndexOf("]");
  const key = hostKey(hasPort ? text.slice(0, at) : text, rule);
  if (key === undefined) return undefined;
  // RFC 3986 §3.2.3: an empty port is no port.
  const digits = hasPort ? text.slice(at + 1) : "";
  if (digits === "") return { key, port: "" };
  const port = parseDecimal(digits, 65535);
  return port === undefined ? undefined : { key, port: `:${port}` };
}
