import type { Finding, ParsedFile, RuleKind, SourceFile } from "../core/rules/model.js";

/** A source, and what our parser made of it: no engine has to parse it again. */
export interface ParsedSource extends SourceFile {
  readonly parsed: ParsedFile;
}

/**
 * A second opinion on sources, from outside our own parsers: a schema, or the engine that will run the rules. It reports; it
 * never throws for what an author wrote, and one bad file never hides the findings of the others.
 *
 * @throws OperationError when the engine itself cannot run.
 */
export interface RuleEngine {
  /** Name and version, kept with every lint result. */
  readonly name: string;
  readonly kinds: readonly RuleKind[];
  /** It is asked about rules in which our parser found no error; where others stand in a file, it is shown blanks (`core/rules/sound-part.ts`). */
  readonly soundRulesOnly?: boolean;
  /** What it says of a file depends on that file alone, its name aside: nobody has to ask twice. */
  readonly fileByFile?: boolean;
  /** A finding whose code ends with `_FAILED` is an error of a file about which it gave no answer: it vouches for none of its rules. */
  check(kind: RuleKind, files: readonly ParsedSource[]): Promise<Finding[]>;
  /** Lets go of what it keeps for the next question, where it keeps anything. */
  close?(): Promise<void>;
}
