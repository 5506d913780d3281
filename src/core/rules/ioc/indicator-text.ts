/** The canonical text of an indicator's record: what people search for, and the line that an export writes. */
import { formatIPv4, formatIPv6 } from "../ip-addresses.js";
import { nameText } from "./hosts.js";
import { indicatorType, typeOf } from "./types.js";
import { urlText } from "./urls.js";

export function indicatorText(record: string): string {
  const key = record.slice(1);
  switch (typeOf(record)) {
    case indicatorType.md5:
    case indicatorType.sha1:
    case indicatorType.sha256:
    case indicatorType.sha512:
      return hexOf(key);
    case indicatorType.ipv4:
      return formatIPv4(key);
    case indicatorType.ipv4Block:
      return `${formatIPv4(key)}/${key.charCodeAt(4)}`;
    case indicatorType.ipv4Port:
      return `${formatIPv4(key)}:${portAt(key, 4)}`;
    case indicatorType.ipv6:
      return formatIPv6(key);
    case indicatorType.ipv6Block:
      return `${formatIPv6(key)}/${key.charCodeAt(16)}`;
    case indicatorType.ipv6Port:
      return `[${formatIPv6(key)}]:${portAt(key, 16)}`;
    case indicatorType.domain:
      return nameText(key);
    case indicatorType.domainPort:
      return `${nameText(key.slice(0, -2))}:${portAt(key, key.length - 2)}`;
    case indicatorType.url:
    case indicatorType.urlPart:
      return urlText(record);
    case indicatorType.path:
    case indicatorType.pattern:
      return key;
  }
}

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hexOf(bytes: string): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += hexPairs[bytes.charCodeAt(i)];
  return text;
}

function portAt(key: string, offset: number): number {
  return (key.charCodeAt(offset) << 8) | key.charCodeAt(offset + 1);
}
