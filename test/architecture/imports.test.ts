/** Holds the import table of docs/ARCHITECTURE.md. A row that matches no file would hold nothing, so that fails too. */
import { describe, expect, it } from "vitest";
import { filesBelow, type Import, importsOf } from "./source-tree.js";

interface Row {
  readonly folder: string;
  readonly may: readonly string[];
  readonly packages: readonly string[] | "any";
  readonly node: boolean;
}

const table: readonly Row[] = [
  { folder: "src/core", may: ["src/core"], packages: [], node: false },
  { folder: "src/ports", may: ["src/ports", "src/core"], packages: [], node: false },
  {
    folder: "src/issuing",
    may: ["src/issuing", "src/core", "src/ports"],
    packages: ["pkijs", "asn1js"],
    node: false,
  },
  {
    folder: "src/services",
    may: ["src/services", "src/core", "src/ports", "src/issuing"],
    packages: [],
    node: false,
  },
  { folder: "src/client", may: ["src/client", "src/core", "src/ports"], packages: [], node: false },
  { folder: "src/assay", may: ["src/assay", "src/core", "src/ports"], packages: [], node: false },
  { folder: "src/witness", may: ["src/witness", "src/core", "src/ports"], packages: [], node: false },
  { folder: "src/monitor", may: ["src/monitor", "src/core", "src/ports"], packages: [], node: false },
  { folder: "src/audit", may: ["src/audit", "src/core", "src/ports"], packages: [], node: false },
  {
    folder: "src/mirror",
    may: ["src/mirror", "src/audit", "src/core", "src/ports"],
    packages: [],
    node: false,
  },
  { folder: "src/adapters", may: ["src/core", "src/ports"], packages: "any", node: true },
  { folder: "src/http", may: ["src/http", "src/core", "src/services"], packages: "any", node: true },
  {
    folder: "src/cli",
    may: ["src/cli", "src/core", "src/services", "src/client", "src/assay", "src/audit"],
    packages: "any",
    node: true,
  },
];

/** Exceptions, each with the record that decided it. */
const exceptions = new Map([["src/core/rules/sigma -> yaml", "docs/adr/0001-yaml-in-core.md"]]);

/** Inside core: a folder may import itself and the folders before it. */
const coreOrder = [
  ["src/core"],
  ["src/core/encoding"],
  ["src/core/reference"],
  ["src/core/pki", "src/core/rules"],
  ["src/core/format"],
  ["src/core/log"],
  ["src/core/trust"],
  ["src/core/release"],
];

const all = filesBelow("src").flatMap(importsOf);
const within = (path: string, folder: string) => path.startsWith(`${folder}/`);
const show = (one: Import) => `${one.from}:${one.line} imports ${one.to}`;

function allowed(one: Import, row: Row): boolean {
  if (one.to.startsWith("node:")) return row.node;
  if (one.to.startsWith("src/")) {
    if (within(one.to, "src/main")) return false;
    if (row.folder === "src/adapters" && within(one.to, "src/adapters")) return sameAdapter(one);
    return row.may.some((folder) => within(one.to, folder));
  }
  for (const key of exceptions.keys()) {
    const [folder, name] = key.split(" -> ");
    if (within(one.from, folder as string) && one.to === name) return true;
  }
  return row.packages === "any" || row.packages.includes(one.to);
}

/** An adapter sees its own folder and the helper files that stand directly in src/adapters. */
function sameAdapter(one: Import): boolean {
  const folder = one.from.split("/").slice(0, 3).join("/");
  return within(one.to, folder) || one.to.split("/").length === 3;
}

describe("import table", () => {
  it("reads a whole source tree, not an empty one", () => {
    expect(all.length).toBeGreaterThan(100);
  });

  it.each(table)("$folder imports only what the table allows", (row) => {
    const own = all.filter((one) => within(one.from, row.folder));
    expect(own.length, `${row.folder} has no imports at all`).toBeGreaterThan(0);
    expect(own.filter((one) => !allowed(one, row)).map(show)).toEqual([]);
  });

  it("nobody imports main", () => {
    const guilty = all.filter((one) => within(one.to, "src/main") && !within(one.from, "src/main"));
    expect(guilty.map(show)).toEqual([]);
  });

  it("only compose.ts names adapters", () => {
    const guilty = all.filter(
      (one) =>
        within(one.to, "src/adapters") &&
        !within(one.from, "src/adapters") &&
        !one.from.startsWith("src/main/compose"),
    );
    expect(guilty.map(show)).toEqual([]);
  });

  it("readers are constants, so files that have them do not import each other in a circle", () => {
    const folders = ["src/core/encoding", "src/core/pki"];
    const loaded = all.filter((one) => !one.types && folders.some((folder) => within(one.from, folder)));
    const circles: string[] = [];
    const done = new Set<string>();
    const follow = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
      if (path.includes(file) || done.has(file)) return;
      for (const { to } of loaded.filter(({ from }) => from === file)) follow(to, [...path, file]);
      done.add(file);
    };
    for (const { from } of loaded) follow(from, []);
    expect(loaded.length).toBeGreaterThan(100);
    expect(circles).toEqual([]);
  });

  it("the second implementation shares nothing with the first but bytes, errors and limits", () => {
    const own = all.filter((one) => within(one.from, "src/core/reference"));
    const shared = ["src/core/errors.ts", "src/core/limits.ts"];
    const foreign = own.filter(
      ({ to }) =>
        !within(to, "src/core/reference") && !within(to, "src/core/encoding") && !shared.includes(to),
    );
    expect(own.length).toBeGreaterThan(50);
    expect(foreign.map(show)).toEqual([]);
    const users = all.filter((one) => within(one.to, "src/core/reference") && !within(one.from, "src/core"));
    expect(
      users.filter((one) => !within(one.from, "src/assay") && !within(one.from, "src/audit")).map(show),
    ).toEqual([]);
    const inCore = all.filter((one) => within(one.to, "src/core/reference") && within(one.from, "src/core"));
    expect(inCore.filter((one) => !within(one.from, "src/core/reference")).map(show)).toEqual([]);
  });

  it("core folders import only themselves and the ones before them", () => {
    const rank = (path: string): number => {
      const folder = path
        .split("/")
        .slice(0, path.split("/").length > 3 ? 3 : 2)
        .join("/");
      return coreOrder.findIndex((level) => level.includes(folder));
    };
    const inner = all.filter((one) => within(one.from, "src/core") && within(one.to, "src/core"));
    const sibling = (one: Import) => one.from.split("/")[2] === one.to.split("/")[2];
    const guilty = inner.filter(
      (one) => rank(one.to) > rank(one.from) || (rank(one.to) === rank(one.from) && !sibling(one)),
    );
    expect(guilty.filter((one) => rank(one.from) > 0).map(show)).toEqual([]);
    expect(inner.map((one) => rank(one.from)).includes(-1)).toBe(false);
  });
});
