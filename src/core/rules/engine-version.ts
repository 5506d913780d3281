/** Engines that read exported rules, and their versions: numbers with dots between, of which trailing zeros mean nothing. */
import type { RuleKind } from "./model.js";

export const engineNames = ["clamav", "sigma", "suricata", "yara", "yara-x"] as const;
export type EngineName = (typeof engineNames)[number];

/** One engine of an endpoint, as its owner says it or it says itself. */
export interface Engine {
  readonly name: EngineName;
  readonly version: string;
  /** Modules that its build does not have. */
  readonly lacks: readonly string[];
}

/** What is not below `least`, and below `below`. */
export interface VersionRange {
  readonly least?: string;
  readonly below?: string;
}

const titles: Readonly<Record<EngineName, string>> = {
  clamav: "ClamAV",
  sigma: "Sigma",
  suricata: "Suricata",
  yara: "YARA",
  "yara-x": "YARA-X",
};

export function isEngineName(value: unknown): value is EngineName {
  return engineNames.includes(value as EngineName);
}

export function engineTitle(name: EngineName): string {
  return titles[name];
}

export function kindOfEngine(name: EngineName): RuleKind {
  return name === "yara-x" ? "yara" : name;
}

export function isVersion(text: string): boolean {
  return /^(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){0,3}$/.test(text);
}

/** The first version in what an engine says of itself, as `ClamAV 1.4.6/27000`; undefined when there is none. */
export function versionIn(text: string): string | undefined {
  const found = /(?:^|[^\d.])(\d{1,6}(?:\.\d{1,6}){1,3})/.exec(text)?.[1];
  return found
    ?.split(".")
    .map((part) => String(Number(part)))
    .join(".");
}

/** Negative, zero or positive. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** As `Suricata 8 or newer, below 9`; an engine that is not known here goes by its name. */
export function rangeText(name: string, { least, below }: VersionRange): string {
  const bounds = [...(least ? [`${least} or newer`] : []), ...(below ? [`below ${below}`] : [])];
  return `${isEngineName(name) ? engineTitle(name) : name} ${bounds.join(", ")}`;
}

/** What is asked for instead, as `Suricata 8 or newer`; undefined for a version that is in the range. */
export function rangeObjection(engine: Engine, { least, below }: VersionRange): string | undefined {
  const title = engineTitle(engine.name);
  if (least !== undefined && compareVersions(engine.version, least) < 0) return `${title} ${least} or newer`;
  if (below !== undefined && compareVersions(engine.version, below) >= 0) return `${title} below ${below}`;
  return undefined;
}
