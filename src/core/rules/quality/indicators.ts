/** Indicators that hit bystanders: addresses of every home, names of everybody, networks of a whole country. */
import { hexText } from "../../encoding/bytes.js";
import { indicatorType } from "../ioc/types.js";
import { isPopularName, isSharedSuffix } from "./domains.js";
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
const reserved4: readonly (readonly [readonly number[], number])[] = [
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

function hostProblems(type: number, key: string): readonly Problem[] {
  const [labels = ""] = (type === indicatorType.domainPort ? key.slice(0, -2) : key).split("\0");
  if (labels.length > 60) return none;
  const parts = labels.split(" ").reverse();
  const every = parts[0] === "*";
  const name = (every ? parts.slice(1) : parts).join(".");
  if (type === indicatorType.domain && isSharedSuffix(name)) {
    return [{ code: "INDICATOR_TOO_BROAD", message: `${name} is a name below which strangers have theirs` }];
  }
  // A page of a popular site may well be bad; the site as a whole is not.
  if (type !== indicatorType.domain && type !== indicatorType.domainPort) return none;
  return isPopularName(name)
    ? [{ code: "INDICATOR_POPULAR", message: `${name} is visited by everybody` }]
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
  const number = [...bytes].reduce((sum, one) => sum * 256 + one.charCodeAt(0), 0);
  return reserved4.some(([prefix, bits]) => {
    const start = [0, 1, 2, 3].reduce((sum, i) => sum * 256 + (prefix[i] ?? 0), 0);
    const size = 2 ** (32 - bits);
    return number >= start && number < start + size;
  });
}

/** `::`, `::1`, IPv4 in disguise, fc00::/7, fe80::/10, ff00::/8, 2001:db8::/32. */
function isReserved6(bytes: string): boolean {
  const [a = 0, b = 0, c = 0, d = 0] = Array.from(bytes, (one) => one.charCodeAt(0));
  if (bytes.startsWith("\0".repeat(10))) return true;
  if ((a & 0xfe) === 0xfc || a === 0xff || (a === 0xfe && (b & 0xc0) === 0x80)) return true;
  return a === 0x20 && b === 0x01 && c === 0x0d && d === 0xb8;
}
