/**
 * Regular expressions for host names, as some lists hold them (`^[a-z]{2}\-shop\.top$`). They are never run here; this checks that
 * they are well formed in the dialect that all engines share, in one pass.
 */

const patternBytesMax = 8192;

/** What is wrong with a pattern, and where; `undefined` when nothing is. */
export function patternProblem(text: string): { offset: number; message: string } | undefined {
  if (text.length > patternBytesMax) {
    return { offset: 0, message: `expected at most ${patternBytesMax} bytes, got ${text.length}` };
  }
  const groups: number[] = [];
  // Whether a quantifier may follow.
  let repeatable = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    const start = i;
    if (c <= " " || c > "~") return { offset: i, message: "expected printable ASCII in a pattern" };
    if (c === "\\") {
      i++;
      // Behind it a carriage return would be read as the end of the exported line.
      if (i === text.length || text[i] === "\r")
        return { offset: start, message: "expected a character behind the backslash" };
    } else if (c === "[") {
      i = classEnd(text, i);
      if (i < 0) return { offset: start, message: "expected a ] that closes the [" };
    } else if (c === "(") {
      groups.push(i);
      if (text[i + 1] === "?" && text[i + 2] === ":") i += 2;
    } else if (c === ")") {
      if (groups.pop() === undefined) return { offset: i, message: "expected a ( before the )" };
    } else if (c === "*" || c === "+" || c === "?" || c === "{") {
      const end = quantifierEnd(text, i);
      if (!repeatable || end < 0) return { offset: i, message: `expected something that ${c} can repeat` };
      i = end;
    }
    repeatable = !"(|^*+?{".includes(c);
  }
  const open = groups.pop();
  return open === undefined ? undefined : { offset: open, message: "expected a ) that closes the (" };
}

function classEnd(text: string, open: number): number {
  let i = open + 1;
  if (text[i] === "^") i++;
  // A ] in front is a member of the class.
  if (text[i] === "]") i++;
  for (; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "]") return i;
  }
  return -1;
}

/** The last character of the quantifier at `start`, with a lazy mark; -1 when it is not one. */
function quantifierEnd(text: string, start: number): number {
  let end = start;
  if (text[start] === "{") {
    end = text.indexOf("}", start);
    if (end < 0 || end - start > 12) return -1;
    const bounds = /^(\d{1,4})(,(\d{0,4}))?$/.exec(text.slice(start + 1, end));
    if (bounds === null || (bounds[3] && Number(bounds[3]) < Number(bounds[1]))) return -1;
  }
  return text[end + 1] === "?" ? end + 1 : end;
}
