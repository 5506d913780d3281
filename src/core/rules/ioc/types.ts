/**
 * The types of indicator, each with its place in a section and its export list.
 *
 * A record is one type byte and a key. Keys are built so that byte order puts relatives together: host names by reversed
 * labels, addresses and hashes as raw bytes.
 */

export const indicatorType = {
  md5: 1,
  sha1: 2,
  sha256: 3,
  sha512: 4,
  /** 4 bytes. */
  ipv4: 5,
  /** 4 bytes, prefix length. */
  ipv4Block: 6,
  /** 4 bytes, port as u16be. */
  ipv4Port: 7,
  /** 16 bytes. */
  ipv6: 8,
  /** 16 bytes, prefix length. */
  ipv6Block: 9,
  /** 16 bytes, port as u16be. */
  ipv6Port: 10,
  /** Host key; the label "*" stands for every name below. */
  domain: 11,
  /** Host key, port as u16be. */
  domainPort: 12,
  /** Host key, NUL, what stands before the host, NUL, what stands behind it. */
  url: 13,
  /** A URL without its scheme. Host key, NUL, what stands behind the host. */
  urlPart: 14,
  /** A path on any host: the text. */
  path: 15,
  /** A regular expression for host names: the text. */
  pattern: 16,
} as const;
export type IndicatorType = (typeof indicatorType)[keyof typeof indicatorType];

const listNames: Readonly<Record<IndicatorType, string>> = {
  1: "md5.txt",
  2: "sha1.txt",
  3: "sha256.txt",
  4: "sha512.txt",
  5: "ipv4.txt",
  6: "ipv4-cidr.txt",
  7: "ipv4-port.txt",
  8: "ipv6.txt",
  9: "ipv6-cidr.txt",
  10: "ipv6-port.txt",
  11: "domains.txt",
  12: "domain-ports.txt",
  13: "urls.txt",
  14: "url-parts.txt",
  15: "paths.txt",
  16: "patterns.txt",
};

/** The type byte as the first character of a record. */
export function typeMark(type: IndicatorType): string {
  return String.fromCharCode(type);
}

export function typeOf(record: string): IndicatorType {
  return record.charCodeAt(0) as IndicatorType;
}

export function listName(record: string): string {
  return listNames[typeOf(record)];
}
