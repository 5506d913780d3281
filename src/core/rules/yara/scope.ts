/**
 * The names that a condition may use: the strings of its rule, the rules before it and itself, imported
 * modules and loop variables. It remembers which strings were used, because an unused one is an error in
 * the engine.
 */
import type { Token } from "./tokens.js";
import type { ValueType } from "./expression.js";

export interface DeclaredString {
  /** `$a`; `$` when anonymous. */
  readonly name: string;
  readonly token: Token;
  used: boolean;
}

/** What a whole file declares, in order. */
export interface FileScope {
  readonly imports: Set<string>;
  readonly rules: Set<string>;
  /** Prefixes of rule sets that were used: no later rule may match one. */
  readonly rulePrefixes: Set<string>;
}

export class RuleScope {
  readonly file: FileScope;
  readonly strings: DeclaredString[] = [];
  readonly loopVariables = new Map<string, ValueType>();
  loopDepth = 0;
  /** Inside `for … of …`, where `$` means the string at hand. */
  insideStringLoop = false;
  readonly #named = new Map<string, DeclaredString>();
  /** Sets are looked up once: thousands of `1 of ($a*)` over thousands of strings would be quadratic. */
  readonly #sets = new Map<string, boolean>();

  constructor(file: FileScope) {
    this.file = file;
  }

  /** False if the name is taken. Anonymous strings never clash. */
  declare(name: string, token: Token): boolean {
    const declared: DeclaredString = { name, token, used: false };
    this.strings.push(declared);
    if (name === "$") return true;
    if (this.#named.has(name)) {
      // The clash is reported; a complaint that it is unused as well would help nobody.
      declared.used = true;
      return false;
    }
    this.#named.set(name, declared);
    return true;
  }

  /** Marks `$a` as used. False if there is no such string. */
  use(name: string): boolean {
    const declared = this.#named.get(name);
    if (declared !== undefined) declared.used = true;
    return declared !== undefined;
  }

  /** Marks every string of a set: `$a`, `$a*`, `$*`, or `$` for the anonymous ones. False if none matches. */
  useSet(pattern: string): boolean {
    const known = this.#sets.get(pattern);
    if (known !== undefined) return known;
    const found = this.#markSet(pattern);
    this.#sets.set(pattern, found);
    return found;
  }

  #markSet(pattern: string): boolean {
    const prefix = pattern.endsWith("*") ? pattern.slice(0, -1) : undefined;
    if (prefix === undefined && pattern !== "$") return this.use(pattern);
    let found = false;
    for (const declared of this.strings) {
      if (prefix === undefined ? declared.name !== "$" : !declared.name.startsWith(prefix)) continue;
      declared.used = true;
      found = true;
    }
    return found;
  }
}
