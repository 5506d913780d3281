/** TUF §4.5 PATHPATTERN: `*` and `?` stand for characters of one path segment and never for a slash. */

export function matchesPathPattern(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const given = path.split("/");
  return wanted.length === given.length && wanted.every((glob, i) => matchesGlob(glob, given[i] as string));
}

/** Linear in the length of the text times that of the pattern, whatever an attacker puts in. */
function matchesGlob(glob: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let i = 0;
  while (i < text.length) {
    if (glob[at] === "*") {
      star = at++;
      resume = i;
    } else if (glob[at] === "?" || glob[at] === text[i]) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (glob[at] === "*") at++;
  return at === glob.length;
}
