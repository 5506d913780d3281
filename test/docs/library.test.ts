/**
 * The types of `rulemint/client` as a stranger's program meets them: installed below `node_modules`, under a compiler's strictest settings.
 * That the README's program runs is held by readme.test.ts.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { projectRoot } from "../architecture/source-tree.js";

const readme = readFileSync(join(projectRoot, "README.md"), "utf8");
const [, example = ""] = /```ts\n(.*?)```/s.exec(readme) ?? [];
const folder = mkdtempSync(join(tmpdir(), "rulemint-library-"));
mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
for (const name of ["@types/node", "undici-types"]) {
  symlinkSync(join(projectRoot, "node_modules", name), join(folder, "node_modules", name));
}
symlinkSync(projectRoot, join(folder, "node_modules/rulemint"));
writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Compiler = "typescript" | "tsc7";

/** What the compiler says to a program; "" when it is content. */
function compiled(program: string, compiler: Compiler, module: string, moduleResolution: string): string {
  const settings = {
    compilerOptions: {
      ...{ strict: true, noUncheckedIndexedAccess: true, noEmit: true },
      // TypeScript 7 then finds a fault in Node's own types.
      exactOptionalPropertyTypes: compiler === "typescript",
      ...{ skipLibCheck: false, target: "ES2022", module, moduleResolution, types: ["node"] },
    },
    files: ["program.ts"],
  };
  writeFileSync(join(folder, "program.ts"), program);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  const path = join(projectRoot, "node_modules", compiler, "bin/tsc");
  return spawnSync(process.execPath, [path, "-p", folder], { encoding: "utf8" }).stdout;
}

it.each<[Compiler, string, string]>([
  ["typescript", "NodeNext", "NodeNext"],
  ["tsc7", "NodeNext", "NodeNext"],
  ["tsc7", "ESNext", "Bundler"],
])("%s, strict, takes the README's program, module %s", (compiler, module, resolution) => {
  expect(example).toContain("await endpoint.update(");
  expect(compiled(example, compiler, module, resolution)).toBe("");
});

const head = 'import { Updater, type UpdateEvent } from "rulemint/client";\n';
it.each([
  [
    "an event has what its type has",
    [
      "export const told = (event: UpdateEvent): number | null =>",
      '  event.type === "failed" ? event.staleSeconds : event.type === "installed" ? event.release : null;',
    ],
    [],
  ],
  [
    "and nothing else; there is no other event, and a release is no text",
    [
      "export const a = (event: UpdateEvent) => event.type === 'installed' && event.bytes;",
      "export const b = (event: UpdateEvent) => event.type === 'finished';",
      "export const c: string = (await new Updater({} as never).update()).release;",
    ],
    ["TS2339", "TS2367", "TS2322"],
  ],
])("%s", (_name, lines, errors) => {
  const said = compiled(`${head}${lines.join("\n")}\n`, "tsc7", "NodeNext", "NodeNext");
  expect([...said.matchAll(/error (TS\d+)/g)].map(([, code]) => code)).toEqual(errors);
});
