import type { FileFacts } from "../core/release/model.js";
import type { RunPart } from "../core/release/run.js";
import type { ParsedFile, RuleKind, SourceFile } from "../core/rules/model.js";

/**
 * Parses many files at once. The answer is in the order of the files and the same with any number of workers. A worker that
 * dies or takes longer than its limit gives one finding (`RULES_PARSER_FAILED`) for the file that killed it, never an error for the rest.
 */
export interface RuleWorkers {
  parse(kind: RuleKind, files: readonly SourceFile[]): Promise<ParsedFile[]>;
  /** `makeRun` of `core/release/run.ts` for each part, in order; where the parser failed, a run that says so. */
  runs(kind: RuleKind, parts: readonly RunPart[]): Promise<Uint8Array[]>;
  /**
   * What `parse` said of a file of this kind, path, digest and length, when it is remembered: such a file need not be read. Workers
   * without a memory have none.
   */
  recall?(kind: RuleKind, file: FileFacts): ParsedFile | undefined;
  close(): Promise<void>;
}
