/**
 * What Suricata can be asked about a rule on a machine that is no endpoint: not what files of an endpoint decide, not what a newer Suricata is
 * for; and the configuration under which it is asked. Rules are byte strings in canonical form, a line each.
 */
import { recordKey } from "../core/rules/suricata/record.js";
import { suricataObjection } from "../core/rules/suricata/needs.js";

/** Suricata reads no longer line (`fgets` into 8,192 bytes): what is behind would be a rule of its own. */
export const ruleBytesMax = 8190;

/** Looked for in the whole text, so that no way of writing an option hides one. */
const fileOption = /\b(file(?:md5|sha1|sha256)|lua(?:jit|xform)?|iprep|geoip)\s*:/i;
const datasetFile = /\b(data(?:set|rep))\s*:(?:[^;\\]|\\.)*\b(?:load|save|state)\b/i;

/** Why a rule is not shown to a Suricata of this version; undefined when it is. */
export function reasonNotToAsk(rule: string, version: string): string | undefined {
  const file = fileOption.exec(rule) ?? datasetFile.exec(rule);
  if (file !== null) return `its ${file[1]?.toLowerCase()} stands on files of the endpoint`;
  const need = suricataObjection(`${recordKey(1, 1)}\0${rule}`, { name: "suricata", version, lacks: [] });
  return need === undefined ? undefined : `it asks for ${need}`;
}

/** Rules that share a data set are no longer independent of each other. */
export function sharesData(rule: string): boolean {
  return /\bdata(?:set|rep)\s*:/i.test(rule);
}

/** As in the configuration that comes with Suricata. */
const addressGroups: Readonly<Record<string, string>> = {
  HOME_NET: "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]",
  ...{ EXTERNAL_NET: "!$HOME_NET", AIM_SERVERS: "$EXTERNAL_NET" },
  ...toHome("HTTP_SERVERS SMTP_SERVERS SQL_SERVERS DNS_SERVERS TELNET_SERVERS DC_SERVERS"),
  ...toHome("DNP3_SERVER DNP3_CLIENT MODBUS_CLIENT MODBUS_SERVER ENIP_CLIENT ENIP_SERVER"),
};
const portGroups: Readonly<Record<string, string>> = {
  ...{ HTTP_PORTS: "80", SHELLCODE_PORTS: "!80", ORACLE_PORTS: "1521", SSH_PORTS: "22", FTP_PORTS: "21" },
  ...{ FILE_DATA_PORTS: "[$HTTP_PORTS,110,143]", DNP3_PORTS: "20000", MODBUS_PORTS: "502" },
  ...{ GENEVE_PORTS: "6081", VXLAN_PORTS: "4789", TEREDO_PORTS: "3544" },
};

function toHome(names: string): Record<string, string> {
  return Object.fromEntries(names.split(" ").map((name) => [name, "$HOME_NET"]));
}

interface Variables {
  readonly addresses: ReadonlySet<string>;
  readonly ports: ReadonlySet<string>;
}

/** Those that Suricata's own configuration lacks: every endpoint has to define them. */
export function ownVariables(rules: Iterable<string>): Variables {
  const [addresses, ports] = [new Set<string>(), new Set<string>()];
  const take = (end: string, known: Readonly<Record<string, string>>, into: Set<string>) => {
    for (const [, name = ""] of end.matchAll(/\$([A-Za-z_][A-Za-z0-9_]*)/g))
      if (!Object.hasOwn(known, name)) into.add(name);
  };
  for (const rule of rules) {
    const [, , source = "", sourcePort = "", , target = "", targetPort = ""] = rule.split(" ", 7);
    for (const end of [source, target]) take(end, addressGroups, addresses);
    for (const end of [sourcePort, targetPort]) take(end, portGroups, ports);
  }
  return { addresses, ports };
}

/** Off where nobody asks for them, in Suricata's own configuration too. */
const offProtocols = ["modbus", "dnp3", "enip", "pgsql"];

/**
 * The whole configuration: nothing of this machine's own. Where the kernel knows Landlock, nothing can be read or written outside the folder
 * but the data of libmagic.
 */
export function configurationFor(rules: Iterable<string>): string {
  const { addresses, ports } = ownVariables(rules);
  const lines = (groups: Readonly<Record<string, string>>, own: ReadonlySet<string>, value: string) =>
    [...Object.entries(groups), ...[...own].map((name) => [name, value])]
      .map(([name, text]) => `    "${name}": "${text}"\n`)
      .join("");
  return `%YAML 1.1
---
vars:
  address-groups:
${lines(addressGroups, addresses, "$HOME_NET")}  port-groups:
${lines(portGroups, ports, "80")}
classification-file: empty.config
reference-config-file: empty.config
threshold-file: empty.config
default-rule-path: .
stats:
  enabled: no
unix-command:
  enabled: no
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      types:
        - alert
app-layer:
  protocols:
    tls:
      ja3-fingerprints: yes
      ja4-fingerprints: yes
${offProtocols.map((name) => `    ${name}:\n      enabled: yes\n`).join("")}datasets:
  rules:
    allow-write: no
    allow-absolute-filenames: no
security:
  lua:
    allow-rules: no
  landlock:
    enabled: yes
    directories:
      write:
        - .
      read:
        - .
        - /usr/share/
        - /usr/lib/file/
`;
}
