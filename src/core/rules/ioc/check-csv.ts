/** A list of indicators in CSV (RFC 4180), read anew. It shares no code with what writes one. */
import { VerificationError, quote } from "../../errors.js";

const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
const header = "type,value,id";

/** Rows of type, value and id, without the header. @throws VerificationError ENCODING_MALFORMED */
export function readIndicatorRows(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (field.lastIndex = 0; field.lastIndex < text.length; ) {
    const at = field.lastIndex;
    const [found, quoted, plain = "", end] = field.exec(text) ?? [];
    if (found === undefined) throw malformed("a field of RFC 4180", text.slice(at, at + 80));
    row.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === ",") continue;
    if (row.length !== 3) throw malformed("three fields", row.join(","));
    rows.push(row);
    row = [];
  }
  const [head = []] = rows;
  if (row.length > 0 || head.join(",") !== header) throw malformed(`rows below ${header}`, head.join(","));
  return rows.slice(1);
}

const malformed = (expected: string, got: string) =>
  new VerificationError("ENCODING_MALFORMED", `expected ${expected}, got ${quote(got)}`);
