/** The text of one rule, which may span several lines, with the place of every character; and what to tell about it. */
import type { LineFindings } from "../source-lines.js";

/** Tells what is wrong at an offset of the rule's text. */
export type Report = (offset: number, code: string, message: string, severity?: "warning") => void;

interface Piece {
  /** Where the piece begins in the joined text. */
  readonly start: number;
  readonly line: number;
  readonly source: string;
}

export class RuleText {
  text = "";
  private readonly pieces: Piece[] = [];

  /** The line on which the rule begins; 0 before the first piece. */
  get line(): number {
    return this.pieces[0]?.line ?? 0;
  }

  get lines(): number {
    return this.pieces.length;
  }

  /** Adds the first `length` bytes of a line. */
  add(source: string, length: number, line: number): void {
    this.pieces.push({ start: this.text.length, line, source });
    this.text += source.slice(0, length);
  }

  reportTo(findings: LineFindings): Report {
    return (offset, code, message, severity) => {
      let piece = this.pieces[0] as Piece;
      for (const next of this.pieces) if (next.start <= offset) piece = next;
      const place = { line: piece.line, source: piece.source, offset: offset - piece.start };
      findings.add(severity ?? "error", place, code, message);
    };
  }
}
