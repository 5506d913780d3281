/** Every list can be read in pages; the short ones are whole where nobody asks for pages. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openService, type TestService } from "../support/service.js";
import { operations } from "./operations.js";
import { problemOf } from "./problems.js";

let service: TestService;
beforeAll(async () => {
  service = await openService();
  for (const name of ["aaa", "bbb", "ccc"]) {
    await service.desk.addRules(name, "ioc", { "hosts.txt": `${name}.example\nother-${name}.example\n` });
    const json = { id: `${name}.example`, reason: "noise" };
    const made = await service.call("POST", `/v1/rulesets/${name}/quarantine`, { as: "analyst", json });
    expect(made.status).toBe(201);
    const comment = { text: name };
    await service.call("POST", "/v1/submissions/s-000000000001/comments", { as: "reviewer", json: comment });
    await service.call("POST", "/v1/tokens", { as: "auditor", json: { label: name, days: 1 } });
  }
});
afterAll(() => service.close());

interface Page {
  readonly items: readonly unknown[];
  readonly next?: string | null;
}

async function page(path: string): Promise<Page> {
  const answer = await service.call("GET", path, { as: "auditor" });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Page;
}

const lists = [
  "/v1/rulesets",
  "/v1/submissions/s-000000000001/comments",
  "/v1/tokens",
  "/v1/feeds",
  "/v1/quarantine",
];

describe("a list", () => {
  it.each(lists)("%s is whole, or comes in pages that make up the whole", async (path) => {
    const whole = await page(path);
    expect(Object.keys(whole)).toEqual(["items"]);
    if (!/feeds|quarantine/.test(path)) expect(whole.items.length).toBeGreaterThan(2);
    const pages: Page[] = [await page(`${path}?limit=2`)];
    for (let next = pages[0]?.next; next; next = pages.at(-1)?.next) {
      pages.push(await page(`${path}?limit=2&after=${encodeURIComponent(next)}`));
    }
    expect(pages.flatMap(({ items }) => items)).toEqual(whole.items);
    expect(pages).toHaveLength(Math.max(1, Math.ceil(whole.items.length / 2)));
    expect(pages.at(-1)?.next).toBeNull();
  });

  it.each(lists)(
    "%s refuses an after that no page has given, and a limit of nothing or too much",
    async (path) => {
      for (const query of ["after=nobody", "limit=0", "limit=201"]) {
        const answer = await service.call("GET", `${path}?${query}`, { as: "auditor" });
        await problemOf(answer, "REQUEST_INVALID");
      }
    },
  );

  it("of the contract takes a limit, all but what one id explains", () => {
    const whole = operations.filter(({ method, operation }) => {
      const text = JSON.stringify(operation);
      return method === "GET" && /"properties":\{[^}]*"items"/.test(text) && !/[lL]imit/.test(text);
    });
    expect(whole.map(({ id }) => id)).toEqual(["explainRule"]);
  });
});
