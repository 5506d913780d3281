/**
 * Text in markup. What stands in a report was written by publishers, mirrors and whoever attacks them: nothing of it becomes markup, turns
 * the order of what is read, or hides.
 */

/** For HTML and SVG, in elements and in quoted attributes. */
export function escaped(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return visible(text).replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** Control and format characters (bidirectional ones among them) and lone surrogates become a visible sign. */
export function visible(text: string): string {
  return text.replace(/[^\P{C}\n]/gu, "\ufffd");
}

/** An element around parts that are markup already. */
export function element(name: string, attributes: string, ...parts: readonly string[]): string {
  return `<${name}${attributes === "" ? "" : ` ${attributes}`}>${parts.join("")}</${name}>`;
}
