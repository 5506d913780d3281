/**
 * An indicator as a STIX 2.1 pattern (part 9 of its specification). What stands for many things, as a name below a wildcard, is a
 * regular expression: `LIKE` takes the `_` that names hold for any character, and knows no way to write it otherwise.
 */
import { formatIPv6 } from "../ip-addresses.js";
import { indicatorText } from "./indicator-text.js";
import { readableText } from "./vocabulary.js";
import { type IndicatorType, indicatorType as type, typeOf } from "./types.js";

const anyScheme = "^[a-z][a-z0-9+.-]*://";

export function stixPattern(record: string): string {
  return `[${comparison(record, typeOf(record), readableText(record))}]`;
}

function comparison(record: string, kind: IndicatorType, text: string): string {
  switch (kind) {
    case type.md5:
      return `file:hashes.MD5 = ${literal(text)}`;
    case type.sha1:
      return `file:hashes.'SHA-1' = ${literal(text)}`;
    case type.sha256:
      return `file:hashes.'SHA-256' = ${literal(text)}`;
    case type.sha512:
      return `file:hashes.'SHA-512' = ${literal(text)}`;
    case type.ipv4:
      return `ipv4-addr:value = ${literal(text)}`;
    case type.ipv6:
      return `ipv6-addr:value = ${literal(text)}`;
    case type.ipv4Block:
      return `ipv4-addr:value ISSUBSET ${literal(text)}`;
    case type.ipv6Block:
      return `ipv6-addr:value ISSUBSET ${literal(text)}`;
    case type.ipv4Port:
      return traffic("ipv4-addr", `= ${literal(hostOf(text))}`, text);
    case type.ipv6Port:
      return traffic("ipv6-addr", `= ${literal(formatIPv6(record.slice(1, 17)))}`, text);
    case type.domain:
      return `domain-name:value ${nameTest(text)}`;
    case type.domainPort:
      return traffic("domain-name", `= ${literal(hostOf(text))}`, text);
    case type.url:
      return `url:value = ${literal(text)}`;
    case type.urlPart:
      return `url:value MATCHES ${literal(`${anyScheme}${quoted(text)}${endOf(text)}`)}`;
    case type.path:
      return `url:value MATCHES ${literal(`${anyScheme}[^/?#]+${quoted(text)}${endOf(text)}`)}`;
    case type.pattern:
      return `domain-name:value MATCHES ${literal(indicatorText(record))}`;
  }
}

function traffic(object: string, test: string, text: string): string {
  const port = text.slice(text.lastIndexOf(":") + 1);
  const place = `network-traffic:dst_ref.type = ${literal(object)} AND network-traffic:dst_ref.value ${test}`;
  return `${place} AND network-traffic:dst_port = ${port}`;
}

const hostOf = (text: string) => text.slice(0, text.lastIndexOf(":"));

function nameTest(name: string): string {
  return name.startsWith("*.") ? `MATCHES ${literal(`^.+${quoted(name.slice(1))}$`)}` : `= ${literal(name)}`;
}

/** As a lookup takes it: query and fragment may follow what has none. */
function endOf(text: string): string {
  if (text.includes("#")) return "$";
  return text.includes("?") ? "(#.*)?$" : "([?#].*)?$";
}

/** As a regular expression that matches nothing else. */
function quoted(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&");
}

/** A string of the pattern language. */
function literal(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
