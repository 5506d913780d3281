// Finds rule files and lays out three versions of them, so that a demo has something to update from and to.
import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
export const kinds = ["yara", "sigma", "suricata", "clamav", "ioc"];
const endings = new Map([
  ["yara", /\.(yar|yara)$/],
  ["sigma", /\.(yml|yaml)$/],
  ["suricata", /\.rules$/],
  ["clamav", /\.(hdb|hsb|hdu|hsu|mdb|msb|mdu|msu|ndb|ndu|ldb|ldu|fp|sfp|ign|ign2)$/],
  ["ioc", /\.(txt|ioc)$/],
]);

export function walk(folder) {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? walk(path) : [path];
    });
}

/** Our own samples: v1 whole, v2 and v3 laid over it. */
export function sampleVersions(work) {
  const source = join(here, "..", "sample-rules");
  const versions = [];
  for (const version of ["v1", "v2", "v3"]) {
    const folder = join(work, version);
    if (versions.length > 0) cpSync(versions.at(-1), folder, { recursive: true });
    cpSync(join(source, version), folder, { recursive: true });
    versions.push(folder);
  }
  return versions.map((folder) =>
    kinds.map((kind) => ({ ruleset: `sample-${kind}`, kind, folder: join(folder, kind) })),
  );
}

/** Dated folders `<kind>/<date>/…`: the three newest dates, or fewer. */
export function datedVersions(root, only) {
  const versions = [[], [], []];
  for (const kind of kinds) {
    if (!existsSync(join(root, kind)) || (only && !only.includes(kind))) continue;
    const dates = readdirSync(join(root, kind)).sort().slice(-3);
    dates.forEach((date, i) => {
      versions[i + 3 - dates.length].push({
        ruleset: `corpus-${kind}`,
        kind,
        folder: join(root, kind, date),
      });
    });
  }
  return versions;
}

/**
 * Somebody's own files: sorted into kinds by their endings. One version is all there is, so the first two releases hold back a few files
 * of each kind; with a single file of a kind there is nothing to hold back.
 */
export function ownVersions(root, work) {
  const files = walk(root);
  const versions = [];
  for (let version = 1; version <= 3; version++) {
    const entries = [];
    for (const kind of kinds) {
      const own = files.filter(
        (path) => endings.get(kind).test(path) && !/^(license|readme)/i.test(basename(path)),
      );
      if (own.length === 0) continue;
      const share = Math.min(own.length - 1, Math.ceil(own.length / 10));
      const kept = own.slice(0, own.length - Math.floor((share * (3 - version)) / 2));
      const folder = join(work, `own-${version}`, kind);
      for (const path of kept) {
        const target = join(folder, relative(root, path));
        mkdirSync(dirname(target), { recursive: true });
        cpSync(path, target);
      }
      entries.push({ ruleset: `own-${kind}`, kind, folder });
    }
    versions.push(entries);
  }
  if (versions[0].length === 0) {
    throw new Error(`no rule files below ${root}: looked for ${[...endings.values()].map(String).join(" ")}`);
  }
  return versions;
}
