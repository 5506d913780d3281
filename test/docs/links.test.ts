/** Every relative link of a page leads to a file that exists, and every fragment to a heading in it. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { filesBelow, projectRoot } from "../architecture/source-tree.js";

const pages = filesBelow(".", ".md").filter((file) => !/(^|\/)(dist|node_modules|\.git)\//.test(file));
const read = (file: string) => readFileSync(join(projectRoot, file), "utf8");

/** Targets of `[text](target)` and `[label]: target`, outside code. */
function linksIn(page: string): string[] {
  const prose = page.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
  const inline = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
  const labels = [...prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)].map(([, target]) => target as string);
  return [...inline, ...labels];
}

/** As the usual renderers make them: lower case, blanks as hyphens, no punctuation. */
function fragmentsOf(page: string): Set<string> {
  const headings = [...page.matchAll(/^#{1,6} (.+)$/gm)].map(([, title]) => title as string);
  return new Set(
    headings.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function isBroken(page: string, link: string): boolean {
  const [path = "", fragment] = decodeURIComponent(link).split("#");
  const target = path === "" ? page : join(dirname(page), path);
  if (!existsSync(join(projectRoot, target))) return true;
  return fragment !== undefined && target.endsWith(".md") && !fragmentsOf(read(target)).has(fragment);
}

describe("links between pages", () => {
  it("are looked for in all of them", () => {
    expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/SPEC.md", "docs/ERRORS.md"]));
  });

  it.each(pages)("%s leads where it says", (page) => {
    const local = linksIn(read(page)).filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link));
    expect(local.filter((link) => isBroken(page, link))).toEqual([]);
  });
});
