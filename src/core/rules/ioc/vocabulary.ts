/** What other formats call the types of indicator. */
import { byteStringText } from "../source-lines.js";
import { indicatorText } from "./indicator-text.js";
import { type IndicatorType, indicatorType as type, typeOf } from "./types.js";

/** MISP's name of a type, and the category that MISP puts it in. */
export interface MISPType {
  readonly type: string;
  readonly category: "Payload delivery" | "Network activity";
}

export const typeNames: Readonly<Record<IndicatorType, string>> = {
  [type.md5]: "md5",
  [type.sha1]: "sha1",
  [type.sha256]: "sha256",
  [type.sha512]: "sha512",
  [type.ipv4]: "ipv4",
  [type.ipv4Block]: "ipv4-cidr",
  [type.ipv4Port]: "ipv4-port",
  [type.ipv6]: "ipv6",
  [type.ipv6Block]: "ipv6-cidr",
  [type.ipv6Port]: "ipv6-port",
  [type.domain]: "domain",
  [type.domainPort]: "domain-port",
  [type.url]: "url",
  [type.urlPart]: "url-part",
  [type.path]: "path",
  [type.pattern]: "pattern",
};

const onTheNetwork = (name: string): MISPType => ({ type: name, category: "Network activity" });
const delivered = (name: string): MISPType => ({ type: name, category: "Payload delivery" });
/** For what MISP has no type of its own. */
const pattern = onTheNetwork("pattern-in-traffic");

const mispTypes: Readonly<Record<IndicatorType, MISPType>> = {
  [type.md5]: delivered("md5"),
  [type.sha1]: delivered("sha1"),
  [type.sha256]: delivered("sha256"),
  [type.sha512]: delivered("sha512"),
  [type.ipv4]: onTheNetwork("ip-dst"),
  [type.ipv4Block]: onTheNetwork("ip-dst"),
  [type.ipv4Port]: onTheNetwork("ip-dst|port"),
  [type.ipv6]: onTheNetwork("ip-dst"),
  [type.ipv6Block]: onTheNetwork("ip-dst"),
  [type.ipv6Port]: onTheNetwork("ip-dst|port"),
  [type.domain]: onTheNetwork("domain"),
  [type.domainPort]: onTheNetwork("hostname|port"),
  [type.url]: onTheNetwork("url"),
  [type.urlPart]: onTheNetwork("uri"),
  [type.path]: onTheNetwork("uri"),
  [type.pattern]: pattern,
};

/** Characters, not bytes; what is no UTF-8 in a hostile database becomes U+FFFD. */
export function readableText(record: string): string {
  const text = indicatorText(record);
  return /[\x80-\xff]/.test(text) ? byteStringText(text) : text;
}

/** MISP refuses a domain that is none by its own rule: wildcards, and names that end with one letter. */
const mispName = /^[a-z0-9._-]+\.[a-z0-9-]{2,}(\|\d+)?$/;

export function mispAttribute(record: string, text: string): MISPType & { readonly value: string } {
  const known = mispTypes[typeOf(record)];
  if (!known.type.endsWith("|port")) {
    const isName = known.type !== "domain" || mispName.test(text);
    return { ...(isName ? known : pattern), value: text };
  }
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  const value = `${host}|${text.slice(colon + 1)}`;
  const isName = known.type !== "hostname|port" || mispName.test(value);
  return isName ? { ...known, value } : { ...pattern, value: text };
}
