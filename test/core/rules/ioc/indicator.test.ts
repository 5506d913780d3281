import { describe, expect, it } from "vitest";
import { indicatorText } from "../../../../src/core/rules/ioc/indicator-text.js";
import { iocLanguage } from "../../../../src/core/rules/ioc/language.js";
import { listName } from "../../../../src/core/rules/ioc/types.js";
import { exported, sourceFile, told } from "../../../support/line-languages.js";

const md5 = "0123456789abcdef0123456789abcdef";
const parse = (text: string) => iocLanguage.parse(sourceFile("ioc/list.txt", text));

describe("an indicator is", () => {
  it.each([
    // written, canonical, list
    [md5, md5, "md5.txt"],
    [md5.toUpperCase(), md5, "md5.txt"],
    [`${md5}01234567`, `${md5}01234567`, "sha1.txt"],
    [md5 + md5, md5 + md5, "sha256.txt"],
    [md5.repeat(4), md5.repeat(4), "sha512.txt"],
    ["Example.COM", "example.com", "domains.txt"],
    ["example.com.", "example.com", "domains.txt"],
    ["a_b.-x-.example.com", "a_b.-x-.example.com", "domains.txt"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example", "domains.txt"],
    ["*.example.com", "*.example.com", "domains.txt"],
    [".Example.com", "*.example.com", "domains.txt"],
    [".tk", "*.tk", "domains.txt"],
    ["1.2.3.4.example", "1.2.3.4.example", "domains.txt"],
    // international names, some with the form that their list gave them a month later
    ["bücher.example", "xn--bcher-kva.example", "domains.txt"],
    ["BÜCHER.example", "xn--bcher-kva.example", "domains.txt"],
    ["bu\u0308cher.example", "xn--bcher-kva.example", "domains.txt"],
    ["гала-про.рф", "xn----7sbak5bugi.xn--p1ai", "domains.txt"],
    ["20gb-tanımla-kullan.com", "xn--20gb-tanmla-kullan-l0c.com", "domains.txt"],
    ["tedbirsağlıkmutlulukgetirir.com", "xn--tedbirsalkmutlulukgetirir-mnd10c.com", "domains.txt"],
    ["ķeepass.info", "xn--eepass-vbb.info", "domains.txt"],
    ["fimanjournal.сlick", "fimanjournal.xn--lick-k6d", "domains.txt"],
    ["六合宝典666.com", "xn--666-xw1e1b58vhor.com", "domains.txt"],
    ["他们为什么不说中文.example", "xn--ihqwcrb4cv8a8dqg056pqjye.example", "domains.txt"],
    ["faß.example:80", "xn--fa-hia.example:80", "domain-ports.txt"],
    ["http://bücher.example/ü", "http://xn--bcher-kva.example/ü", "urls.txt"],
    ["203.0.113.9", "203.0.113.9", "ipv4.txt"],
    ["203.0.113.0/24", "203.0.113.0/24", "ipv4-cidr.txt"],
    ["203.0.113.9:8080", "203.0.113.9:8080", "ipv4-port.txt"],
    ["203.0.113.9:0", "203.0.113.9:0", "ipv4-port.txt"],
    ["2001:DB8:0::1", "2001:db8::1", "ipv6.txt"],
    ["[2001:db8::1]", "2001:db8::1", "ipv6.txt"],
    ["2001:db8::/32", "2001:db8::/32", "ipv6-cidr.txt"],
    ["[2001:db8::0:1]:443", "[2001:db8::1]:443", "ipv6-port.txt"],
    ["::ffff:203.0.113.9", "::ffff:203.0.113.9", "ipv6.txt"],
    ["Example.com:443", "example.com:443", "domain-ports.txt"],
    ["HTTP://Example.COM/A?b=C#d", "http://example.com/A?b=C#d", "urls.txt"],
    ["http://example.com/", "http://example.com", "urls.txt"],
    ["http://example.com:/", "http://example.com", "urls.txt"],
    ["https://user:pw@Example.com:8443/x", "https://user:pw@example.com:8443/x", "urls.txt"],
    ["http://localhost/x", "http://localhost/x", "urls.txt"],
    ["ftp://203.0.113.9/x", "ftp://203.0.113.9/x", "urls.txt"],
    ["http://[2001:DB8::1]:80/x", "http://[2001:db8::1]:80/x", "urls.txt"],
    ["http://example.com?x=1", "http://example.com?x=1", "urls.txt"],
    ["tcp://example.com:4444", "tcp://example.com:4444", "urls.txt"],
    ["Example.com/Path", "example.com/Path", "url-parts.txt"],
    ["example.com/", "example.com/", "url-parts.txt"],
    ["203.0.113.9:81/x", "203.0.113.9:81/x", "url-parts.txt"],
    ["example.com/a[1].php", "example.com/a[1].php", "url-parts.txt"],
    ["webhook.example/#!/view/1", "webhook.example/#!/view/1", "url-parts.txt"],
    ["/gate.php", "/gate.php", "paths.txt"],
    ["/a b/c#d", "/a b/c#d", "paths.txt"],
    ["/default/get/[home|api]", "/default/get/[home|api]", "paths.txt"],
    ["/해킹.apk", "/해킹.apk", "paths.txt"],
    ["^[a-z]{1,3}\\-shop\\.(com|top)$", "^[a-z]{1,3}\\-shop\\.(com|top)$", "patterns.txt"],
    ["evil[0-9]+[.]example", "evil[0-9]+[.]example", "patterns.txt"],
    ["(?:a|b)x{2,}?\\.example", "(?:a|b)x{2,}?\\.example", "patterns.txt"],
    // defanged
    ["example[.]com", "example.com", "domains.txt"],
    ["example(dot)com", "example.com", "domains.txt"],
    ["example{.}com", "example.com", "domains.txt"],
    ["203.0.113[.]9", "203.0.113.9", "ipv4.txt"],
    ["203.0.113[.]9[:]80", "203.0.113.9:80", "ipv4-port.txt"],
    ["hxxps://example[.]com/x", "https://example.com/x", "urls.txt"],
    ["hxxp[://]example[.]com", "http://example.com", "urls.txt"],
    ["HXXP://example.com", "http://example.com", "urls.txt"],
    ["fxp://example.com/x", "ftp://example.com/x", "urls.txt"],
  ])("%s, canonically %s in %s", (written, canonical, list) => {
    const { records, findings } = parse(written);
    expect(findings).toEqual([]);
    const [record] = records as [string];
    expect(iocLanguage.ruleID(record)).toBe(canonical);
    expect(listName(record)).toBe(list);
    expect(exported(iocLanguage, records)).toEqual(new Map([[list, `${canonical}\n`]]));
    expect(iocLanguage.idPrefixes(iocLanguage.ruleID(record) as string)).toEqual([record]);
  });
});

describe("no indicator is", () => {
  it.each([
    ["word", "1:1 IOC_UNKNOWN"],
    ["two words.example", "1:1 IOC_UNKNOWN"],
    ["0123456789abcdef", "1:1 IOC_UNKNOWN"],
    ["a..example", "1:1 IOC_DOMAIN"],
    [`${"a".repeat(64)}.example`, "1:1 IOC_DOMAIN"],
    [`${"a.".repeat(127)}example`, "1:1 IOC_DOMAIN"],
    ["registry.12913298", "1:1 IOC_DOMAIN"],
    ["C91.196.152.28", "1:1 IOC_DOMAIN"],
    ["*.", "1:1 IOC_DOMAIN"],
    ["support¬forum.org", "1:8 IOC_NOT_ASCII"],
    ["neurotonix–buy.us", "1:11 IOC_NOT_ASCII"],
    ["onlinechatmatrix․xyz", "1:17 IOC_NOT_ASCII"],
    ["ab--é.example", "1:5 IOC_NOT_ASCII"],
    ["🦊.example", "1:1 IOC_NOT_ASCII"],
    [`${"ü".repeat(64)}.example`, "1:1 IOC_NOT_ASCII"],
    ["1.2.3", "1:1 IOC_IPV4"],
    ["1.2.3.256", "1:1 IOC_IPV4"],
    ["01.2.3.4", "1:1 IOC_IPV4"],
    ["1.2.3.0/33", "1:9 IOC_CIDR"],
    ["0.0.0.0/0", "1:9 IOC_CIDR"],
    ["2001:db8::/129", "1:12 IOC_CIDR"],
    ["2001:db8::/x", "1:12 IOC_CIDR"],
    ["1.2.3.4:70000", "1:9 IOC_PORT"],
    ["1.2.3.4:", "1:9 IOC_PORT"],
    ["1.2.3.4:0080", "1:9 IOC_PORT"],
    ["1.2.3.4:22:443", "1:1 IOC_PORT"],
    ["example.com:x", "1:13 IOC_PORT"],
    ["1.2.3:80", "1:1 IOC_HOST"],
    ["2001:db8:::1", "1:1 IOC_IPV6"],
    ["[2001:db8]:80", "1:1 IOC_IPV6"],
    ["[2001:db8::1]:", "1:15 IOC_PORT"],
    ["[2001:db8::1]80", "1:1 IOC_UNKNOWN"],
    ["http://", "1:1 IOC_URL"],
    ["http://a b/c", "1:1 IOC_URL"],
    ["http://1.2.3.4:99999/", "1:1 IOC_URL"],
    ["1http://example.com", "1:1 IOC_URL"],
    ["http://exa mple.com", "1:1 IOC_URL"],
    ["and/or", "1:1 IOC_URL"],
    ["/", "1:1 IOC_PATH"],
    ["a(b.example", "1:2 IOC_PATTERN"],
    ["a)b.example", "1:2 IOC_PATTERN"],
    ["a[b.example", "1:2 IOC_PATTERN"],
    ["a.example\\", "1:10 IOC_PATTERN"],
    ["a.example\\\r\r", "1:10 IOC_PATTERN"],
    ["*a.example", "1:1 IOC_PATTERN"],
    ["a{4,2}.example", "1:2 IOC_PATTERN"],
    ["a** .example", "1:3 IOC_PATTERN"],
    [`/${"a".repeat(20_000)}`, "1:1 IOC_TOO_LONG"],
    ["exam\0ple.com", "1:5 TEXT_CONTROL_CHARACTER"],
    ["exam\rple.com", "1:5 TEXT_CONTROL_CHARACTER"],
  ])("%s", (written, finding) => {
    const { records, findings } = parse(written);
    expect(told(findings)).toEqual([finding]);
    expect(records).toEqual([]);
  });

  it("a network whose address has bits behind the prefix: they are dropped with a warning", () => {
    const { records, findings } = parse("203.0.113.77/24");
    expect(told(findings)).toEqual(["1:1 IOC_CIDR_HOST_BITS?"]);
    expect(records.map(indicatorText)).toEqual(["203.0.113.0/24"]);
  });
});
