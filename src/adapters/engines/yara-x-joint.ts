/**
 * Small files that are compiled as one source. YARA-X takes 2.4 ms for each source and next to nothing for each rule, so two hundred people
 * with ten rules each cost a seventh when their files come together. What it says of them must be what it says of each alone: only files
 * that need nothing from each other are joined, and only its silence counts. Whatever else it answers, each is asked about alone.
 *
 * Behind each file stands a rule that the engine warns of. Exactly these warnings, on their lines, prove that no file reaches beyond its
 * end, by a comment that is still open or whatever else.
 */
import type { SourceFile } from "../../core/rules/model.js";
import type { YaraXAnswer } from "./yara-x-worker.js";

const filesMax = 100;
const fileBytesMax = 8 * 1024;
const word = /[A-Za-z_]\w*/g;
const definition = /\brule\s+([A-Za-z_]\w*)/g;

export class JointSource {
  #text = "";
  readonly #lines: number[] = [];
  readonly #words = new Set<string>();
  readonly #names = new Set<string>();

  get text(): string {
    return this.#text;
  }

  /** False, and nothing changed, where the file has to be alone or the source is full. */
  add({ bytes }: SourceFile): boolean {
    if (bytes.length > fileBytesMax || this.#lines.length === filesMax) return false;
    const text = new TextDecoder().decode(bytes);
    const words = text.match(word) ?? [];
    const names = [...text.matchAll(definition)].map(([, name]) => name as string);
    if (!standsAlone(words, names)) return false;
    // Nothing that one of them says is a name in another: neither twice the same rule, nor a rule that only another file has.
    if (names.some((name) => this.#words.has(name)) || words.some((one) => this.#names.has(one)))
      return false;
    for (const one of words) this.#words.add(one);
    for (const name of names) this.#names.add(name);
    const added = `${text}\nrule ${boundary(this.#lines.length)} { condition: true }\n`;
    this.#lines.push((this.#lines.at(-1) ?? 0) + added.split("\n").length - 1);
    this.#text += added;
    return true;
  }

  /** The engine has nothing to say of any of the files. */
  isSilent({ errors, warnings, poisoned }: YaraXAnswer): boolean {
    if (poisoned || errors.length > 0 || warnings.length !== this.#lines.length) return false;
    return this.#lines.every((line, i) => {
      const said = warnings[i] as string;
      return (
        said.startsWith("warning[invariant_expr]") &&
        /\n\s*--> line:(\d+):/.exec(said)?.[1] === String(line) &&
        said.includes(`rule \`${boundary(i)}\` is always`)
      );
    });
  }
}

const boundary = (file: number) => `rulemint_boundary_${file}`;

/** It imports nothing, and each of its rules is seen: `rule`, space and a name. */
function standsAlone(words: readonly string[], names: readonly string[]): boolean {
  if (words.some((one) => one === "import" || one === "include" || one.startsWith("rulemint_boundary_")))
    return false;
  return words.filter((one) => one === "rule").length === names.length;
}
