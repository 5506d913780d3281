/**
 * What a fresh clone installs: everything that the lockfile names is in it, for every platform, or `npm ci` refuses it; and it
 * names no registry, so that everybody can use their own.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Entry {
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const text = readFileSync("package-lock.json", "utf8");
const { packages } = JSON.parse(text) as { packages: Readonly<Record<string, Entry>> };

/** Where `name` is found from the folder `from`, as Node looks for it. */
function located(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (path in packages) return path;
    if (folder === "") return undefined;
  }
}

describe("package-lock.json", () => {
  it("holds every package that one of its packages depends on, also those of other platforms", () => {
    const missing: string[] = [];
    for (const [path, { dependencies, optionalDependencies }] of Object.entries(packages)) {
      for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
        if (located(path, name) === undefined) missing.push(`${name}, wanted by ${path}`);
      }
    }
    expect(missing).toEqual([]);
  });

  it("names no registry", () => {
    expect(Object.values(packages).filter(({ resolved }) => resolved?.startsWith("http"))).toEqual([]);
    expect(text).not.toMatch(/https?:\/\/[^"]*\.tgz/);
  });
});
