/** The project's own source files and what they import, read as text. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot = fileURLToPath(new URL("../..", import.meta.url));

export function filesBelow(folder: string, ending = ".ts"): string[] {
  const found: string[] = [];
  for (const name of readdirSync(join(projectRoot, folder)).sort()) {
    const path = join(folder, name);
    if (name === "node_modules" || name === "generated") continue;
    if (statSync(join(projectRoot, path)).isDirectory()) found.push(...filesBelow(path, ending));
    else if (name.endsWith(ending)) found.push(path);
  }
  return found;
}

export interface Import {
  readonly from: string;
  /** A path below the project root, a `node:` module, or a package name. */
  readonly to: string;
  readonly line: number;
  /** Nothing of it is left when the program runs. */
  readonly types: boolean;
  /** Loaded when the program comes there, not when the file is. */
  readonly late: boolean;
}

/** What is loaded with these files: they, and whatever they import at once, packages by their names. */
export function loadedWith(...files: readonly string[]): ReadonlySet<string> {
  const loaded = new Set<string>();
  const left = [...files];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (loaded.has(file)) continue;
    loaded.add(file);
    if (!file.startsWith("src/")) continue;
    left.push(...importsOf(file).flatMap(({ to, types, late }) => (types || late ? [] : [to])));
  }
  return loaded;
}

export function importsOf(file: string): Import[] {
  const text = readFileSync(join(projectRoot, file), "utf8");
  const found: Import[] = [];
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^;"']*?from\s+["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']|(?:^|\n)import\s+["']([^"']+)["']/g;
  for (const match of text.matchAll(pattern)) {
    const specifier = match[1] ?? match[2] ?? match[3] ?? "";
    const line = text.slice(0, match.index).split("\n").length + 1;
    const to = specifier.startsWith(".")
      ? relative(projectRoot, resolve(join(projectRoot, dirname(file)), specifier)).replace(/\.js$/, ".ts")
      : packageName(specifier);
    found.push({ from: file, to, line, types: isOfTypes(match[0]), late: match[2] !== undefined });
  }
  return found;
}

function isOfTypes(statement: string): boolean {
  const names = /\{([^}]*)\}/
    .exec(statement)?.[1]
    ?.split(",")
    .filter((name) => name.trim() !== "");
  const all = names?.every((name) => name.trim().startsWith("type ")) ?? false;
  return all || /^\s*(import|export) type\b/.test(statement);
}

function packageName(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
