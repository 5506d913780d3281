/** Blanks are the space and the tab, and nothing else: in a byte string, bytes of a character may look like other white space. */
export function trimmed(text: string, where: "both" | "end" = "both"): string {
  const rest = where === "both" ? text.replace(/^[ \t]+/, "") : text;
  let end = rest.length;
  while (end > 0 && (rest[end - 1] === " " || rest[end - 1] === "\t")) end--;
  return rest.slice(0, end);
}
