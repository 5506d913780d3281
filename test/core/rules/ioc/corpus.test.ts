/** Four dated versions of a real collection: 3,115 lists, 1.84 million indicators. Everything they get wrong, with the reason. */
import { describe, expect, it } from "vitest";
import { iocLanguage } from "../../../../src/core/rules/ioc/language.js";
import { corpusDates, corpusFiles, haveCorpora } from "../../../support/corpora.js";
import { errorsOf, parseExport } from "../../../support/line-languages.js";

const noHost = "a port's digits, or an address's, are where a domain should end";
const twoPorts = "two ports";
const portTooHigh = "a port beyond 65535";
const leadingZero = "a port with a leading zero: decimal to some readers, octal to others";
const word = "a word without a dot: the line above or below it shows that one is missing";
const lookAlike = "a dash or dot of a word processor where a name has none";

/** List, line, code, reason. All are in every version unless a fifth item names the only one. */
const errors: readonly (readonly [string, string, string, string, string?])[] = [
  [
    "malicious/ek_clearfake-1.txt",
    "initial-scale=1.0",
    "IOC_UNKNOWN",
    "HTML, not an indicator",
    "2026-07-22",
  ],
  ["malicious/ek_clearfake-1.txt", "registry.12913298", "IOC_DOMAIN", noHost],
  [
    "malicious/ek_clearfake.txt",
    "clartã©.tron6val4ky.ru",
    "IOC_NOT_ASCII",
    "UTF-8 read as Latin-1",
    "2026-07-22",
  ],
  ["malicious/ek_rogueraticate.txt", "neurotonix–buy.us", "IOC_NOT_ASCII", lookAlike, "2026-07-22"],
  ["malicious/magentocore.txt", "onlinechatmatrix․xyz", "IOC_NOT_ASCII", lookAlike, "2026-07-22"],
  ["malicious/magentocore.txt", "onlinesupportmatrix․support", "IOC_NOT_ASCII", lookAlike, "2026-07-22"],
  ["malware/apt_boteam.txt", "213.165.60.118:22:443", "IOC_PORT", twoPorts],
  ["malware/apt_charmingkitten.txt", "us‐nation‐ny.cf", "IOC_NOT_ASCII", lookAlike, "2026-07-22"],
  ["malware/apt_charmingkitten.txt", "xn–metaspport-v43e.com", "IOC_NOT_ASCII", lookAlike, "2026-07-22"],
  ["malware/apt_darkhotel.txt", "support¬forum.org", "IOC_NOT_ASCII", lookAlike],
  ["malware/apt_tinyscouts.txt", "161.35.41.9:53:53", "IOC_PORT", twoPorts],
  ["malware/apt_unclassified.txt", "31.76.252.47:443:443", "IOC_PORT", twoPorts],
  ["malware/asyncrat.txt", "103.167.90.172:06275", "IOC_PORT", leadingZero],
  ["malware/asyncrat.txt", "144.126.149.221:0077", "IOC_PORT", leadingZero],
  ["malware/asyncrat.txt", "147.185.221.18:525310", "IOC_PORT", portTooHigh],
  ["malware/asyncrat.txt", "158.94.211.185:0207", "IOC_PORT", leadingZero],
  ["malware/asyncrat.txt", "18.197.239.109:66086", "IOC_PORT", portTooHigh],
  ["malware/asyncrat.txt", "207.231.111.146:0007", "IOC_PORT", leadingZero],
  ["malware/asyncrat.txt", "207.231.111.146:0077", "IOC_PORT", leadingZero],
  ["malware/asyncrat.txt", "91.109.190.5:660666", "IOC_PORT", portTooHigh],
  ["malware/cobaltstrike-1.txt", "13.231.199.195:500081", "IOC_PORT", portTooHigh],
  ["malware/cobaltstrike-1.txt", "43.206.152.100:500081", "IOC_PORT", portTooHigh],
  ["malware/cobaltstrike-2.txt", "111.230.30.197:65626", "IOC_PORT", portTooHigh],
  ["malware/cobaltstrike.txt", "139.9.234.13:33:1099", "IOC_PORT", twoPorts],
  ["malware/cobaltstrike.txt", "45.86.163.188:443:444", "IOC_PORT", twoPorts],
  ["malware/cobaltstrike.txt", "54.246.146.207:22:50050", "IOC_PORT", twoPorts],
  ["malware/elf_gafgyt.txt", "103.124.104.118:79548", "IOC_PORT", portTooHigh],
  ["malware/elf_gafgyt.txt", "192.119.74.238:69420", "IOC_PORT", portTooHigh],
  ["malware/elf_gafgyt.txt", "209.141.41.58:67457", "IOC_PORT", portTooHigh],
  ["malware/elf_gafgyt.txt", "37.49.228.204:96666", "IOC_PORT", portTooHigh],
  ["malware/farfli.txt", "46.8.120.153::8080", "IOC_PORT", "two colons"],
  ["malware/fynloski.txt", "194.147.140.156:508:508", "IOC_PORT", twoPorts],
  [
    "malware/lockbit.txt",
    "lockbitapt280e8defa5377018b093b5b90de0f2957f7062144c83a09a56bba1fe4eda932ce.onion",
    "IOC_DOMAIN",
    "a label of 75 characters; DNS and Tor have 63 and 56",
  ],
  ["malware/mekotio.txt", "181.41.200.72:0902", "IOC_PORT", leadingZero],
  ["malware/powershell_injector.txt", "3.6.115.64:90001", "IOC_PORT", portTooHigh],
  ["malware/ursaloader.txt", "172.96.142.77:0591", "IOC_PORT", leadingZero],
  ["malware/whitesnake.txt", "178.236.246.50:80800", "IOC_PORT", portTooHigh],
  ["malware/xworm.txt", "38.18.229.238:0147", "IOC_PORT", leadingZero],
  ["mass_scanner.txt", "C91.196.152.28 # probe.onyphe.net", "IOC_DOMAIN", noHost],
  ["mass_scanner.txt", "C91.196.152.38 # probe.onyphe.net", "IOC_DOMAIN", noHost],
  ["mass_scanner.txt", "C91.230.168.27 # probe.onyphe.net", "IOC_DOMAIN", noHost],
  ["suspicious/connectwise.txt", "182.86.133:8880", "IOC_HOST", "three numbers where an address has four"],
  ["suspicious/domain.txt", "free", "IOC_UNKNOWN", word],
  ["suspicious/domain.txt", "orted", "IOC_UNKNOWN", word],
  ["suspicious/domain.txt", "tc", "IOC_UNKNOWN", word],
  ["suspicious/domain.txt", "tk", "IOC_UNKNOWN", word],
  ["suspicious/simplehelp.txt", "confidentialdclick", "IOC_UNKNOWN", word],
  ["suspicious/simplehelp.txt", "pnpcom", "IOC_UNKNOWN", word],
];

const counts = new Map([
  ["2026-07-22", 1_569_735],
  ["2026-08-20", 1_625_752],
  ["2026-08-21", 1_629_151],
  ["2026-08-22", 1_631_636],
]);

describe.runIf(haveCorpora)("the ioc corpus", () => {
  it.each(corpusDates("ioc"))(
    "of %s parses without a false error and survives a round trip",
    async (date) => {
      const files = (await corpusFiles("ioc", date)).filter(({ path }) => iocLanguage.accepts(path));
      const started = performance.now();
      const parsed = files.map((file) => iocLanguage.parse(file));
      const parsedAt = performance.now();
      const { records, findings } = iocLanguage.merge(parsed);
      const mergedAt = performance.now();
      const seconds = [parsedAt - started, mergedAt - parsedAt].map((ms) => `${(ms / 1000).toFixed(1)} s`);
      console.log(
        `ioc ${date}: ${files.length} lists, ${records.length} indicators, parse ${seconds[0]}, merge ${seconds[1]}`,
      );
      expect(findings).toEqual([]);
      expect(records.length).toBe(counts.get(date));

      const texts = new Map(files.map(({ path, bytes }) => [path, bytes]));
      const told = new Set<string>();
      for (const { path, line, code } of parsed.flatMap((file) => file.findings)) {
        const source = Buffer.from(texts.get(path) as Uint8Array)
          .toString("utf8")
          .split("\n");
        told.add(`${path.replace("ioc/trails/static/", "")} ${source[line - 1]?.trim()} ${code}`);
      }
      const expected = errors.filter(([, , , , only]) => only === undefined || only === date);
      expect([...told].sort()).toEqual(
        expected.map(([path, line, code]) => `${path} ${line} ${code}`).sort(),
      );

      const back = parseExport(iocLanguage, records);
      expect(errorsOf(back)).toEqual([]);
      const again = iocLanguage.merge(back).records;
      // Compared by hand: a report of two arrays of a million strings would help nobody.
      expect(again.length).toBe(records.length);
      expect(again.findIndex((record, i) => record !== records[i])).toBe(-1);
    },
  );
});
