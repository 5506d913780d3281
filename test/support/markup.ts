/** The elements of a page or picture that we made, for the tests of what shows something. */
import { expect } from "vitest";

const voidTags = new Set(["meta", "rect", "path", "!doctype"]);

/** Names of the elements in order; fails where one is closed that is not open, or stays open. */
export function elements(markup: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  for (const [, close, name = ""] of markup.matchAll(/<(\/?)([a-z0-9!]+)(?:\s[^<>]*)?>/gi)) {
    if (close !== "") expect(open.pop()).toBe(name);
    else {
      names.push(name);
      if (!voidTags.has(name)) open.push(name);
    }
  }
  expect(open).toEqual([]);
  return names;
}
