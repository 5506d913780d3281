/** Paths that are made of what people wrote: none leads out of its folder, and none is a name that a system refuses. */

/** Not in a name on one system or another; the percent sign because it escapes. */
const unsafeCharacters = new Set('%\\:*?"<>|');

/** Injective: different names stay different, because the percent sign itself is written as `%25`. */
export function safePath(path: string): string {
  return path.split("/").map(safeSegment).join("/");
}

export function safeSegment(segment: string): string {
  const characters = [...segment];
  const last = characters.length - 1;
  const plain = characters.map((one, i) => {
    const atEdge = i === 0 || i === last;
    const unsafe =
      one < " " || one === "\x7f" || unsafeCharacters.has(one) || (atEdge && (one === "." || one === " "));
    return unsafe ? `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}` : one;
  });
  return plain.join("") || "%";
}
