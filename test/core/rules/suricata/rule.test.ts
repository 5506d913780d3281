/**
 * Every construct, and every way to get it wrong. Both tables were held against Suricata 7.0.10. It loads the canonical forms of the first,
 * but for actions of Snort and options that need a file. Of the second it lets a few pass (a missing closing parenthesis, a comma with
 * nothing behind it, a regular expression without quotes) that can only be mistakes.
 */
import { describe, expect, it } from "vitest";
import { suricataLanguage } from "../../../../src/core/rules/suricata/language.js";
import { exported, sourceFile, told } from "../../../support/line-languages.js";

const parse = (text: string) => suricataLanguage.parse(sourceFile("suricata/x.rules", text));
const header = "alert tcp any any -> any any";
const withOptions = (options: string) => `${header} (${options} sid:5;)`;
const withSource = (source: string) => `alert tcp ${source} any -> any any (sid:5;)`;
const withPort = (port: string) => `alert tcp any any -> any ${port} (sid:5;)`;

describe("a rule", () => {
  it.each<[string, string?]>([
    // written, canonical where it differs
    [`${header} (sid:5;)`],
    [`${header} (msg:"x"; sid:5;)`],
    ['ALERT  TCP  any\tany  ->  any any  ( MSG : "x" ; SID : 5 ; )  ', `${header} (msg:"x"; sid:5;)`],
    ["drop udp any any <> any any (sid:5;)"],
    ["rejectsrc tcp-pkt any any -> any any (rev:3; sid:4294967294;)"],
    ["config http any any -> any any (gid:7; sid:5;)"],
    ["log ip any any -> any any (gid:0; sid:5;)"],
    [`${header} (sid:05; rev:007; gid:1;)`, `${header} (rev:7; sid:5;)`],
    [withSource("$HOME_NET")],
    [withSource("!$HOME_NET")],
    [withSource("203.0.113.9")],
    [withSource("203.0.113.9/24")],
    [withSource("203.0.113.0/255.255.255.0")],
    [withSource("203.0.113.4-203.0.113.9")],
    [withSource("2001:db8::/32")],
    [withSource("[2001:db8::1,::/0]")],
    [withSource("[ 203.0.113.1, ![203.0.113.5 ,$X] ]"), withSource("[203.0.113.1,![203.0.113.5,$X]]")],
    [withPort("80")],
    [withPort("!80")],
    [withPort("80:90")],
    [withPort("[:90, 100:,![95,96],$HTTP_PORTS]"), withPort("[:90,100:,![95,96],$HTTP_PORTS]")],
    // meta options stand in one order, detection options keep theirs
    [
      `${header} (rev:2; sid:5; metadata:a b,c  d , ; classtype:c; target:src_ip; reference:url , a.b/c,d; content:"b"; priority:1; content:"a"; nocase; msg:"m"; reference:cve,1;)`,
      `${header} (msg:"m"; content:"b"; content:"a"; nocase; reference:url,a.b/c,d; reference:cve,1; classtype:c; priority:1; target:src_ip; metadata:a b, c d; rev:2; sid:5;)`,
    ],
    [
      withOptions(
        "flow : established , to_server ; threshold: type limit ,track by_src,count 1,  seconds 60;",
      ),
      withOptions("flow:established,to_server; threshold:type limit, track by_src, count 1, seconds 60;"),
    ],
    // patterns
    [withOptions('content:"|41 6a7B|x|0d0A|";'), withOptions('content:"|41 6A 7B|x|0D 0A|";')],
    [withOptions('content:"|4 142|";'), withOptions('content:"|41 42|";')],
    [withOptions('content:"a\\:b\\;c\\\\d\\"e:f\\\\";')],
    [withOptions('content: ! "abc"; content:"é";'), withOptions('content:!"abc"; content:"é";')],
    [
      withOptions('content:"abc"; depth: 3 ; offset:1; fast_pattern:only; content:"d"; endswith;'),
      withOptions('content:"abc"; depth:3; offset:1; fast_pattern:only; content:"d"; endswith;'),
    ],
    [
      withOptions('uricontent:"/x"; content:"a"; pcre:"/a\\;b\\"c"d\\/e/f/Ri"; pcre: !"/x/";'),
      withOptions('uricontent:"/x"; content:"a"; pcre:"/a\\;b\\"c"d\\/e/f/Ri"; pcre:!"/x/";'),
    ],
    [withOptions('msg:"a\\;b\\"c \\x d\\\\";')],
    // buffers, and options whose values are their own business
    [
      withOptions(
        'http.uri; content:"a"; dataset:isset,bad,type string,load x.lst; lua:a.lua; tls.version:"1.2";',
      ),
    ],
    [
      withOptions(
        "byte_test:2,>,0x10,4,relative,big; flowbits:set,a.b; xbits:isset,x,track ip_src; isdataat:!1,relative;",
      ),
    ],
  ])("%s", (written, canonical = written) => {
    const { records, findings } = parse(written);
    expect(findings).toEqual([]);
    expect(exported(suricataLanguage, records)).toEqual(new Map([["rulemint.rules", `${canonical}\n`]]));
    const [record] = records as [string];
    expect(suricataLanguage.idPrefixes(suricataLanguage.ruleID(record) as string)).toEqual([
      record.slice(0, 8),
    ]);
  });
});

describe("a rule is refused", () => {
  it.each<[string, ...string[]]>([
    ["alrt tcp any any -> any any (sid:5;)", "1:1 SURICATA_ACTION"],
    ["some text", "1:1 SURICATA_ACTION", "1:10 SURICATA_PARENTHESIS"],
    ["alert t/p any any -> any any (sid:5;)", "1:7 SURICATA_PROTOCOL"],
    ["alert tcp any -> any any (sid:5;)", "1:25 SURICATA_HEADER"],
    ["alert tcp any any->any any (sid:5;)", "1:27 SURICATA_HEADER"],
    ["alert http (sid:5;)", "1:11 SURICATA_HEADER"],
    ["alert tcp any any -> any any any (sid:5;)", "1:30 SURICATA_HEADER"],
    ["alert tcp any any -> any any(sid:5;)", "1:29 SURICATA_HEADER"],
    ["alert tcp any any <- any any (sid:5;)", "1:19 SURICATA_DIRECTION"],
    ["alert tcp any any => any any (sid:5;)", "1:19 SURICATA_DIRECTION"],
    [withSource("!any"), "1:12 SURICATA_ADDRESS"],
    [withSource("1.2.3"), "1:11 SURICATA_ADDRESS"],
    [withSource("01.2.3.4"), "1:11 SURICATA_ADDRESS"],
    [withSource("1.2.3.0/33"), "1:11 SURICATA_ADDRESS"],
    [withSource("2001:db8::/129"), "1:11 SURICATA_ADDRESS"],
    [withSource("1.2.3.9-1.2.3.4"), "1:11 SURICATA_ADDRESS"],
    [withSource("1.2.3.4-::1"), "1:11 SURICATA_ADDRESS"],
    [withSource("[]"), "1:12 SURICATA_ADDRESS"],
    [withSource("[1.2.3.4,]"), "1:20 SURICATA_ADDRESS"],
    [withSource("[1.2.3,4.5.6]"), "1:12 SURICATA_ADDRESS", "1:18 SURICATA_ADDRESS"],
    [withSource("[1.2.3.4]x"), "1:20 SURICATA_ADDRESS"],
    [withSource("[1.2.3.4 5.6.7.8]"), "1:20 SURICATA_ADDRESS"],
    [withSource(`${"[".repeat(40)}any${"]".repeat(40)}`), "1:27 SURICATA_ADDRESS"],
    [withPort("65536"), "1:26 SURICATA_PORT"],
    [withPort("90:80"), "1:26 SURICATA_PORT"],
    [withPort("80-90"), "1:26 SURICATA_PORT"],
    [withPort(":"), "1:26 SURICATA_PORT"],
    [withPort("!any"), "1:27 SURICATA_PORT"],
    [withPort("[80,x:90,!y]"), "1:30 SURICATA_PORT", "1:36 SURICATA_PORT"],
    [header, "1:29 SURICATA_PARENTHESIS"],
    [`${header} ()`, "1:30 SURICATA_SID"],
    [`${header} (sid:5)`, "1:37 SURICATA_SEMICOLON", "1:30 SURICATA_SID"],
    [`${header} (sid:5;`, "1:37 SURICATA_PARENTHESIS"],
    [`${header} (sid:5;) more`, "1:39 SURICATA_PARENTHESIS"],
    [withOptions('msg:"x";;'), "1:39 SURICATA_OPTION"],
    [withOptions("a b:1;"), "1:31 SURICATA_OPTION"],
    [`${header} (msg:"x";)`, "1:30 SURICATA_SID"],
    [`${header} (sid:0;)`, "1:35 SURICATA_SID"],
    [`${header} (sid:4294967295;)`, "1:35 SURICATA_SID"],
    [`${header} (sid:"5";)`, "1:35 SURICATA_SID"],
    [`${header} (sid:;)`, "1:31 SURICATA_OPTION_VALUE"],
    [`${header} (sid;)`, "1:31 SURICATA_OPTION_VALUE"],
    [`${header} (sid:5; sid:6;)`, "1:38 SURICATA_OPTION_TWICE"],
    [`${header} (sid:5; rev:0;)`, "1:42 SURICATA_REV"],
    [`${header} (sid:5; rev:x; gid:-1;)`, "1:42 SURICATA_REV", "1:49 SURICATA_GID"],
    [withOptions('msg:"x"; msg:"y";'), "1:40 SURICATA_OPTION_TWICE"],
    [withOptions("msg:x;"), "1:35 SURICATA_QUOTE"],
    [withOptions('msg:"";'), "1:35 SURICATA_QUOTE"],
    [withOptions('msg:!"x";'), "1:35 SURICATA_QUOTE"],
    [withOptions('msg:"x;y";'), "1:35 SURICATA_QUOTE", "1:38 SURICATA_OPTION"],
    [withOptions('tls.version:"1.2;'), "1:43 SURICATA_QUOTE"],
    [withOptions("nocase;"), "1:31 SURICATA_MODIFIER"],
    [withOptions('content:"a"; nocase:1;'), "1:51 SURICATA_OPTION_VALUE"],
    [withOptions("content;"), "1:31 SURICATA_OPTION_VALUE"],
    [withOptions("metadata:,;"), "1:40 SURICATA_OPTION_VALUE"],
    [withOptions("reference:url;"), "1:41 SURICATA_REFERENCE"],
    [withOptions("content:abc;"), "1:39 SURICATA_QUOTE"],
    [withOptions('content:"";'), "1:40 SURICATA_CONTENT"],
    [withOptions('content:"|4|";'), "1:41 SURICATA_CONTENT"],
    [withOptions('content:"x|41";'), "1:41 SURICATA_CONTENT"],
    [withOptions('content:"|4z|";'), "1:42 SURICATA_CONTENT"],
    [withOptions('content:"a\\xb";'), "1:41 SURICATA_CONTENT"],
    [withOptions('content:"a\\|b|41|";'), "1:41 SURICATA_CONTENT"],
    [withOptions('content:"a"b";'), "1:41 SURICATA_CONTENT"],
    [withOptions('content:"a"b;'), "1:39 SURICATA_QUOTE"],
    [withOptions('content:"a\\";'), "1:39 SURICATA_QUOTE"],
    [withOptions('content:"a",nonsense;'), "1:39 SURICATA_QUOTE"],
    [withOptions('pcre:"abc";'), "1:37 SURICATA_PCRE"],
    [withOptions('pcre:"/abc";'), "1:37 SURICATA_PCRE"],
    [withOptions('pcre:"/abc/z";'), "1:42 SURICATA_PCRE"],
    [withOptions("pcre:/abc/;"), "1:36 SURICATA_QUOTE"],
    [
      'alert tcp 1.2.3 99999 <- any x (msg:y; content:"|4|"; sid:x;)',
      "1:11 SURICATA_ADDRESS",
      "1:17 SURICATA_PORT",
      "1:23 SURICATA_DIRECTION",
      "1:30 SURICATA_PORT",
      "1:37 SURICATA_QUOTE",
      "1:50 SURICATA_CONTENT",
      "1:59 SURICATA_SID",
    ],
    [`${header} (msg:"${"x".repeat(70_000)}"; sid:5;)`, "1:1 SURICATA_TOO_LONG"],
  ])("%s", (written, ...expected) => {
    const { records, findings } = parse(written);
    expect(told(findings).sort()).toEqual([...expected].sort());
    expect(records).toEqual([]);
  });
});

describe("a rule is kept with a warning", () => {
  it.each<[string, string]>([
    ["alert newproto any any -> any any (sid:5;)", "1:7 SURICATA_PROTOCOL?"],
    [withOptions("contnet:x;"), "1:31 SURICATA_OPTION_UNKNOWN?"],
    [withOptions('content:"a",nocase,offset 4;'), "1:40 SURICATA_SNORT?"],
    [withOptions('http_uri; content:"a";'), "1:31 SURICATA_SNORT?"],
    [` ${header} (sid:5;)`, "1:1 SURICATA_INDENTED?"],
    [`${header} (msg:"${"x".repeat(9000)}"; sid:5;)`, "1:1 SURICATA_TOO_LONG?"],
  ])("%s", (written, warning) => {
    const { records, findings } = parse(written);
    expect(told(findings)).toEqual([warning]);
    expect(exported(suricataLanguage, records).get("rulemint.rules")).toBe(`${written.trim()}\n`);
  });
});
