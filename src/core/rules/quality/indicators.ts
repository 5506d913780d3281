/** Indicators that hit bystanders: addresses of every home, names of everybody, networks of a whole country. */
import { hexText } from "../../encoding/bytes.js";
import { nameText } from "../ioc/hosts.js";
import { indicatorType } from "../ioc/types.js";
import { isPopularName, isSharedSuffix, listedKeyBytesMax } from "./domains.js";
import { isCommonHash, type Problem, regexpProblems } from "./rules.js";

interface Formats {
  formatIPv4(bytes: string): string;
  formatIPv6(bytes: string): string;
}

const hostKinds = new Set<number>([
  ...[indicatorType.domain, indicatorType.domainPort, indicatorType.url, indicatorType.urlPart],
]);
/** Longest prefixes that are a network rather than half the internet. */
const widest = { ipv4: 16, ipv6: 32 };

/** RFC 6890 and RFC 5771: prefix as bytes, its length in bits. */
const prefixes4: readonly (readonly [readonly number[], number])[] = [
  ...([
    [[0], 8],
    [[10], 8],
    [[100, 64], 10],
    [[127], 8],
    [[169, 254], 16],
    [[172, 16], 12],
    [[192, 0, 0], 24],
  ] as const),
  ...([
    [[192, 0, 2], 24],
    [[192, 168], 16],
    [[198, 18], 15],
    [[198, 51, 100], 24],
    [[203, 0, 113], 24],
    [[224], 3],
  ] as const),
];
/** First and last address of each as a number. */
const reserved4 = prefixes4.map(([prefix, bits]) => {
  const start = [0, 1, 2, 3].reduce((sum, i) => sum * 256 + (prefix[i] ?? 0), 0);
  return { start, end: start + 2 ** (32 - bits) - 1 };
});
/** Resolvers that half of all machines ask. */
const popularAddresses = new Set(
  "8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 208.67.222.222 208.67.220.220".split(" "),
);

export function indicatorProblems(record: string, formats: Formats): readonly Problem[] {
  const type = record.charCodeAt(0);
  const key = record.slice(1);
  if (type <= indicatorType.sha512) {
    // Millions of them: the few that could be common are told by their first byte.
    if (!commonFirst.has(key.charCodeAt(0))) return none;
    const hex = hexText(Uint8Array.from(key, (one) => one.charCodeAt(0)));
    return isCommonHash(hex)
      ? [{ code: "INDICATOR_COMMON", message: `the hash of an empty file or of one line end: ${hex}` }]
      : none;
  }
  if (hostKinds.has(type)) return hostProblems(type, key);
  if (type === indicatorType.pattern) return regexpProblems(key);
  if (type === indicatorType.path) return none;
  return addressProblems(type, key, formats);
}

const none: readonly Problem[] = [];
const commonFirst = new Set([0xd4, 0xda, 0xe3, 0x68, 0xad, 0x01]);

/** Millions of names are judged, so they are looked up by their keys, and most are told by their length. */
function hostProblems(type: number, key: string): readonly Problem[] {
  // A page of a popular site may well be bad; the site as a whole is not.
  if (type !== indicatorType.domain && type !== indicatorType.domainPort) return none;
  const host = type === indicatorType.domainPort ? key.slice(0, -2) : key;
  const bare = host.endsWith(" *") ? host.slice(0, -2) : host;
  if (bare.length > listedKeyBytesMax && bare.includes(" ")) return none;
  if (type === indicatorType.domain && isSharedSuffix(bare)) {
    const message = `${nameText(bare)} is a name below which strangers have theirs`;
    return [{ code: "INDICATOR_TOO_BROAD", message }];
  }
  return isPopularName(bare)
    ? [{ code: "INDICATOR_POPULAR", message: `${nameText(bare)} is visited by everybody` }]
    : none;
}

function addressProblems(type: number, key: string, formats: Formats): readonly Problem[] {
  const four = type <= indicatorType.ipv4Port;
  const bytes = key.slice(0, four ? 4 : 16);
  const text = four ? formats.formatIPv4(bytes) : formats.formatIPv6(bytes);
  const block = type === indicatorType.ipv4Block || type === indicatorType.ipv6Block;
  const bits = block ? key.charCodeAt(key.length - 1) : four ? 32 : 128;
  if (bits < (four ? widest.ipv4 : widest.ipv6)) {
    return [{ code: "INDICATOR_TOO_BROAD", message: `${text}/${bits} is more than one network` }];
  }
  if (four ? isReserved4(bytes) : isReserved6(bytes)) {
    return [
      {
        code: "INDICATOR_RESERVED",
        message: `${text} is private or reserved: it is somebody else on every network`,
      },
    ];
  }
  return popularAddresses.has(text)
    ? [{ code: "INDICATOR_POPULAR", message: `${text} is asked by everybody` }]
    : none;
}

function isReserved4(bytes: string): boolean {
  let number = 0;
  for (let i = 0; i < 4; i++) number = number * 256 + bytes.charCodeAt(i);
  return reserved4.some(({ start, end }) => number >= start && number <= end);
}

/** `::`, `::1`, IPv4 in disguise, fc00::/7, fe80::/10, ff00::/8, 2001:db8::/32. */
function isReserved6(bytes: string): boolean {
  const [a = 0, b = 0, c = 0, d = 0] = Array.from(bytes, (one) => one.charCodeAt(0));
  if (bytes.startsWith("\0".repeat(10))) return true;
  if ((a & 0xfe) === 0xfc || a === 0xff || (a === 0xfe && (b & 0xc0) === 0x80)) return true;
  return a === 0x20 && b === 0x01 && c === 0x0d && d === 0xb8;
}
