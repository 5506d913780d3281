/** The last rule of a feed does harm: it goes into quarantine, off the endpoints, and comes back. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { feed, PublisherProcess, rulemint } from "../faults/publisher-process.js";
import { temporaryFolder } from "../support/temporary.js";

let folder: { readonly path: string; remove(): Promise<void> };
let publisher: PublisherProcess;
const at = (name: string) => join(folder.path, name);

beforeAll(async () => {
  folder = await temporaryFolder();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
  await publisher.start();
});
afterAll(async () => {
  await publisher.stop();
  await folder.remove();
});

const isRules = (name: string) => name.endsWith(".yar");

/** What the engine of the endpoint would load after an update. */
async function loaded(): Promise<string[]> {
  const { exit, stdout, stderr } = await rulemint(["client", "update", "--state", at("endpoint"), "--json"]);
  expect(exit, stdout + stderr).toBe(0);
  const folder = at("endpoint/export/yara");
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String).filter(isRules) : [];
}

async function quarantine(...words: string[]): Promise<void> {
  const why = ["--ruleset", "one", "--reason", "it stops machines", "--json"];
  const order = await publisher.cli("analyst", "rule", "quarantine", "Harm", ...why, ...words);
  expect(order.exit, order.stdout + order.stderr).toBe(0);
  const { id, digest } = JSON.parse(order.stdout) as { id: string; digest: string };
  await publisher.as("reviewer").approveSubmission(id, digest);
}

describe("the last rule of a feed", () => {
  it("SPEC §17.6.6 goes into quarantine, off the endpoint, and comes back", async () => {
    await publisher.addRules(
      "one",
      { "a.yar": 'rule Harm { strings: $a = "no clean file says this 7f3a" condition: $a }\n' },
      "yara",
    );
    await publisher.release(1);
    const root = join(publisher.data, "root.json");
    const where = ["--state", at("endpoint"), "--url", publisher.origin, "--root", root, "--feed", feed];
    expect(await rulemint(["client", "init", ...where])).toMatchObject({ exit: 0 });
    expect(await loaded()).toEqual(["one/a.yar"]);
    await quarantine();
    await publisher.release(2);
    expect(await loaded()).toEqual([]);
    await quarantine("--lift");
    await publisher.release(3);
    expect(await loaded()).toEqual(["one/a.yar"]);
  });
});
