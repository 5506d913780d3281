/** `*` is any characters, `?` is one, anything else is itself; case counts for nothing. Never more work than the two lengths multiplied. */

export type Matcher = (text: string) => boolean;

export function globMatcher(pattern: string): Matcher {
  const wanted = pattern.toLowerCase();
  const literal = /^[^*?]*/.exec(wanted)?.[0] ?? "";
  return (text) => {
    const given = text.toLowerCase();
    return given.startsWith(literal) && matches(wanted, given, literal.length);
  };
}

/** After a mismatch the last star takes one character more: earlier stars need never be tried again. */
function matches(pattern: string, text: string, from: number): boolean {
  let [at, i] = [from, from];
  let [star, resume] = [-1, 0];
  while (i < text.length) {
    const want = pattern[at];
    if (want === "*") {
      star = at++;
      resume = i;
    } else if (want === "?" || (want !== undefined && want === text[i])) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

export const isGlob = (text: string): boolean => /[*?]/.test(text);
