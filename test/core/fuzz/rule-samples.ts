/** Good rules of each language, short and with much of the language in them: where changes begin. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RuleKind } from "../../../src/core/rules/model.js";
import { projectRoot } from "../../architecture/source-tree.js";

const fixture = (path: string): string =>
  readFileSync(join(projectRoot, "test/fixtures/rules", path), "utf8");

const yara = `import "pe"
private global rule Base : tag1 tag2 {
  meta: author = "x\\"y" score = -5 flag = true
  strings:
    $a = "text\\x41" ascii wide nocase fullword
    $b = { 4D 5A ?? [2-4] ( 90 | ~?1 ) }
    $c = /ab[^c-e]{2,5}(d|e)+?\\b/is
  condition: filesize < 2MB and for any i in (1..#a) : ( @a[i] + 0x10 > uint16be(0) ) and 2 of ($a, $c*) or not pe.is_dll()
}
`;
const sigma = `title: Sample
id: 5b7b2a1e-1f1b-4c9e-9b44-0e6ad1c3f9aa
status: test
logsource: {category: process_creation, product: windows}
detection:
  selection:
    Image|endswith: ['\\\\a.exe', "\\\\b.exe"]
    CommandLine|re: '(?i)foo.*bar'
  filter*: {User|cidr: 10.0.0.0/8}
  condition: selection and not 1 of filter* | count() by User > 5
level: high
`;
const suricata = `alert http $HOME_NET any -> [$EXTERNAL_NET,!10.0.0.0/8] [80,8080:8090] (msg:"a \\"b\\"\\; c"; flow:established,to_server; content:"|41 42|GET"; http.uri; nocase; depth:10; pcre:"/^a[bc]+\\/x/Ui"; threshold:type limit, track by_src, count 1, seconds 60; reference:url,example.org/x; classtype:trojan-activity; sid:2000001; rev:3; metadata:created_at 2020_01_01;)
# disabled
drop tls any any <> any any (tls.sni; content:"bad.example"; endswith; sid:2;)
`;
const clamav = `Sample.Hex-1:0:*:4d5a??{4-8}(aa|bb)*cc!(dd|ee)
Sample.Logical-1;Engine:81-255,Target:1;(0&1)|2>3,1;6578616d706c65;4d5a::i;0/^a+b/is
44d88612fea8a8f36de82e1278abb02f:68:Sample.Hash-1
`;
const ioc = `bad.example
*.wide.example
https://host.example:8443/path?q=1#f
192.0.2.7
2001:db8::/48
44d88612fea8a8f36de82e1278abb02f
275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f  # comment
user@mail.example
`;

export const ruleSamples: Readonly<Record<RuleKind, readonly string[]>> = {
  yara: [yara, fixture("yara/everything.yar")],
  sigma: [sigma, fixture("sigma/everything.yml")],
  suricata: [suricata],
  clamav: [clamav],
  ioc: [ioc],
};
