/**
 * What a rule asks of Suricata: by its `requires`, and by keywords and protocols that a version brought. Suricata refuses what it does
 * not know, and before 7.0.3 `requires` itself.
 */
import { compareVersions, type Engine, rangeObjection } from "../engine-version.js";
import { textOf } from "./record.js";

const requiresLeast = "7.0.3";

/** A name, or with a dot at its end all names that begin so. */
const keywordLeast = new Map<string, string>([
  ...since(
    "8",
    "absent entropy from_base64 luaxform websocket. ldap. sdp. mdns. email. pgsql. smtp. vlan. sip.from sip.to sip.via " +
      "sip.user_agent sip.content_type sip.content_length dns.rcode dns.rrtype tls.alpn tls.subjectaltname",
  ),
  ...since("7.0.3", "requires"),
  ...since("7", "quic. ike. dhcp. frame ip.src ip.dst krb5.ticket_encryption http.request_header"),
  ...since("7", "http.response_header xor header_lowercase"),
]);
const protocolLeast = new Map<string, string>([
  ...since("8", "doh2 ldap sdp websocket mdns pop3"),
  ...since("7", "quic ike pgsql telnet bittorrent-dht"),
]);

function since(version: string, names: string): [string, string][] {
  return names.split(" ").map((name) => [name, version]);
}

export function suricataObjection(record: string, engine: Engine): string | undefined {
  const text = textOf(record);
  const start = text.indexOf("(");
  const protocol = text.slice(0, start).split(" ")[1] ?? "";
  let least = protocolLeast.get(protocol);
  for (const option of text.slice(start + 1, -1).split(/(?<!\\);/)) {
    const [, name = "", value = ""] = /^\s*([^:]+)(?::(.*))?$/s.exec(option) ?? [];
    const objection = name === "requires" ? requiresObjection(value, engine) : undefined;
    if (objection !== undefined) return objection;
    const needed = keywordLeast.get(name) ?? keywordLeast.get(name.slice(0, name.indexOf(".") + 1));
    if (needed !== undefined && (least === undefined || compareVersions(needed, least) > 0)) least = needed;
  }
  return least === undefined ? undefined : rangeObjection(engine, { least });
}

/** `feature geoip, version >= 7.0.4 < 8 | >= 8.0.3`: all parts hold; of a version, all comparisons of one alternative. */
function requiresObjection(value: string, engine: Engine): string | undefined {
  if (compareVersions(engine.version, requiresLeast) < 0) return `Suricata ${requiresLeast} or newer`;
  for (const part of value.split(",")) {
    const [, alternatives] = /^\s*version\s*(.*)$/s.exec(part) ?? [];
    // What features a build has is for the engine to say: it leaves such a rule out without a word.
    if (alternatives === undefined || alternatives.split("|").some((one) => holds(one, engine))) continue;
    const [, least] = /^\s*>=\s*([\d.]+)\s*$/.exec(alternatives) ?? [];
    return least === undefined ? `Suricata ${alternatives.trim()}` : `Suricata ${least} or newer`;
  }
  return undefined;
}

function holds(comparisons: string, { version }: Engine): boolean {
  return [...comparisons.matchAll(/(>=|<=|>|<)\s*(\d+(?:\.\d+)*)/g)].every(([, sign, other = ""]) => {
    const order = compareVersions(version, other);
    if (sign === ">=") return order >= 0;
    if (sign === "<=") return order <= 0;
    return sign === ">" ? order > 0 : order < 0;
  });
}
