/** The numbers that a reader of a report wants first. */
import { type RuleKind, ruleKinds } from "../core/rules/model.js";
import { secondText } from "../core/pki/failure.js";
import type { ManifestBlock, ProvenRelease } from "../core/trust/model.js";
import { formatBytes } from "../core/units.js";
import type { AuditLog } from "./report.js";

export function releaseFigures(log: AuditLog, { manifest, signature, signedBy }: ProvenRelease): void {
  const { block, packs, expires } = manifest;
  log.figure("Rules", ruleCount(block.database.rules));
  for (const kind of ruleKinds) {
    const count = block.database.rules[kind];
    if (count !== undefined) log.figure(kindNames[kind], count);
  }
  log.figure("Database", formatBytes(block.database.bytes));
  log.figure("Packs", packs.length);
  log.figure("Bytes of all packs", formatBytes(packs.reduce((sum, { bytes }) => sum + bytes, 0)));
  log.figure("Keys that signed", signedBy.length);
  log.figure("Time-stamped (UTC)", minuteText(secondText(signature.timestamp.time)));
  log.figure("Valid until (UTC)", minuteText(expires));
}

export const kindNames: Readonly<Record<RuleKind, string>> = {
  clamav: "ClamAV",
  ioc: "Indicators",
  sigma: "Sigma",
  suricata: "Suricata",
  yara: "YARA",
};

export function ruleCount(rules: ManifestBlock["database"]["rules"]): number {
  return Object.values(rules).reduce((sum, count) => sum + count, 0);
}

/** `2026-11-22 12:00` */
const minuteText = (time: string): string => time.slice(0, 16).replace("T", " ");
