/**
 * What YARA-X says, as findings: `error[E025]: unknown pattern …` with ` --> line:1:60` on the next line. A rule for another engine's module
 * is no mistake: it is a warning here, and what follows from it is not listed.
 */
import type { Finding } from "../../core/rules/model.js";

const heading = /^(error|warning)\[([A-Za-z0-9_]+)\]: ([^\n]*)\n\s*--> line:(\d+):(\d+)/;
const noteLine = /\n\s*\|\s*[\^-]+ ([^\n]+)/;
const modules = /^unknown module `(magic|cuckoo|console|string|hash|dotnet|macho|crx|lnk|dex|vt|time)`/;

export function readDiagnostics(
  path: string,
  { errors, warnings }: { readonly errors: readonly string[]; readonly warnings: readonly string[] },
): Finding[] {
  const missing = new Set(errors.flatMap((text) => /unknown module `(\w+)`/.exec(text)?.[1] ?? []));
  const findings = [...errors, ...warnings].flatMap((text): Finding[] => {
    const [, severity, code = "", said = "", line, column] = heading.exec(text) ?? [];
    if (severity === undefined) {
      const message = `expected what the engine takes, got: ${text.split("\n", 1)[0]?.slice(0, 200)}`;
      return [{ path, line: 1, column: 1, severity: "error", code: "YARA_X_FAILED", message }];
    }
    const unknown = /^unknown identifier `(\w+)`/.exec(said)?.[1];
    if (unknown !== undefined && missing.has(unknown)) return [];
    const note = noteLine.exec(text)?.[1];
    const place = { path, line: Number(line), column: Number(column) };
    const isWarning = severity === "warning" || modules.test(said);
    const message = note === undefined ? said : `${said}: ${note}`;
    return [
      { ...place, severity: isWarning ? "warning" : "error", code: `YARA_X_${code.toUpperCase()}`, message },
    ];
  });
  return findings.map((one) => ({ ...one, message: one.message.slice(0, 300) }));
}
