/** Where a content signature may match: `*`, `n`, `EOF-n`, `EP+n`, `S3+n`, `SL+n`, `SE3`, `VI` or a macro group, some with `,shift`. */
import { quoteBytes } from "../source-lines.js";
import type { Field, Report } from "./fields.js";

const absolute = /^(\d{1,10}|EOF-\d{1,10})(,\d{1,10})?$/;
const ofExecutable = /^((EP[+-]|S\d{1,5}\+|SL\+)\d{1,10}(,\d{1,10})?|SE\d{1,5}(,\d{1,10})?|VI)$/;
const macroGroup = /^\$(\d{1,2})$/;
/** PE, ELF and Mach-O: the targets with entry points and sections. */
const executables = new Set([1, 6, 9]);
export const macroGroupMax = 31;

/** `target`: undefined when it could not be read. */
export function checkOffset(field: Field, target: number | undefined, report: Report): void {
  const { text, offset } = field;
  if (text === "*" || absolute.test(text)) return;
  const group = macroGroup.exec(text);
  if (group !== null && Number(group[1]) <= macroGroupMax) return;
  if (!ofExecutable.test(text)) {
    const expected = "*, n, EOF-n, EP+n, EP-n, Sx+n, SL+n, SEx, VI or $group, perhaps with a shift";
    report(offset, "CLAMAV_OFFSET", `expected ${expected}, got ${quoteBytes(text)}`);
  } else if (target !== undefined && !executables.has(target)) {
    const got = `${quoteBytes(text)} with target ${target}`;
    report(
      offset,
      "CLAMAV_OFFSET",
      `expected target 1, 6 or 9 for an offset inside an executable, got ${got}`,
    );
  }
}
