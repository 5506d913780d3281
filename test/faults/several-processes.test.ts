/**
 * Three services on one data folder and one PostgreSQL. One leads; it is killed, or stopped in the middle of its work, and another goes
 * on. Nothing is built twice, and customers find an acceptable tree.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Release } from "../../src/cli/api-client.js";
import { TestEndpoint } from "../client/endpoint.js";
import { startPostgres, type TestPostgres } from "../support/postgres.js";
import { temporaryFolder } from "../support/temporary.js";
import { inState, indicators, PublisherProcess, rulemint, until, order } from "./publisher-process.js";
import { serveFolder, type StaticTree } from "./static-tree.js";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestPostgres;
let tree: StaticTree;
let endpoint: TestEndpoint;
let all: PublisherProcess[];

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startPostgres();
  all = Array.from({ length: 3 }, () => new PublisherProcess(folder.path));
  const [first] = all as [PublisherProcess];
  await first.init();
  writeFileSync(join(first.data, "keys/records.url"), await server.database(), { mode: 0o600 });
  const records = { kind: "postgres", url: { file: "keys/records.url" }, leaseSeconds: 2 };
  first.configure({ records });
  expect(await rulemint(["records", "load", "--data", first.data])).toMatchObject({ exit: 0 });
  for (const one of all) await one.start();
  tree = await serveFolder(join(first.data, "public"));
  endpoint = await TestEndpoint.open(join(folder.path, "endpoint"), { now: () => new Date() });
  await endpoint.updater.init({ url: tree.url, root: readFileSync(join(first.data, "root.json")) });
});
afterAll(async () => {
  for (const one of all) await one.stop("SIGKILL");
  await endpoint.close();
  await tree.close();
  await server.stop();
  await folder.remove();
});

async function metric(one: PublisherProcess, pattern: RegExp): Promise<number> {
  const headers = { Authorization: `Bearer ${one.token("monitor")}` };
  const text = await (await fetch(`${one.origin}/metrics`, { headers })).text();
  return Number(pattern.exec(text)?.[1] ?? 0);
}

const leading = (one: PublisherProcess) => metric(one, /^rulemint_leading (\d)/m);
/** Both steps that end in `built`, compilation and gates, and the one that ends in `signed`. */
const stepsOf = async (one: PublisherProcess) => {
  const count = (step: string) =>
    metric(one, new RegExp(`^rulemint_release_step_seconds_count\\{[^}]*step="${step}"[^}]*\\} (\\d+)`, "m"));
  return [await count("built"), await count("signed")];
};

/** The leader among those that run, and the others. */
async function sides(running: readonly PublisherProcess[] = all) {
  const flags = await until(
    "one leader",
    () => Promise.all(running.map(leading)),
    (found) => found.filter((flag) => flag === 1).length === 1,
  );
  const leader = running[flags.indexOf(1)] as PublisherProcess;
  return { leader, others: running.filter((one) => one !== leader) as [PublisherProcess, PublisherProcess] };
}

let number = 0;
/** Up to `signed`, asked of `by`. */
async function beginRelease(by: PublisherProcess, act: () => Promise<void> = async () => undefined) {
  number++;
  await by.addRules("hosts", { "a.txt": indicators(number, 12_000) });
  await by.build();
  await act();
}

async function endRelease(by: PublisherProcess): Promise<Release> {
  await by.reaches(number, inState("signed"));
  expect(await by.assay()).toMatchObject({ exit: 0 });
  await by.publish(number);
  const done = await by.reaches(number, inState("published"));
  expect(await endpoint.updater.update()).toMatchObject({ release: number });
  return done;
}

describe("several processes on one PostgreSQL", () => {
  it("build a release once, whoever is asked", async () => {
    const { leader, others } = await sides();
    await beginRelease(others[0]);
    expect(await endRelease(others[1])).toMatchObject({ state: "published", waitingFor: null });
    expect(await stepsOf(leader)).toEqual([2, 1]);
    for (const one of others) expect(await stepsOf(one)).toEqual([0, 0]);
  });

  // All of them take two minutes: RULEMINT_FAULTS=all.
  it.each(process.env.RULEMINT_FAULTS === "all" ? order : (["built", "sealed"] as const))(
    "go on after a kill -9 of the leader at the first sight of %s",
    async (state) => {
      const { leader, others } = await sides();
      const seen = (one: Release) => order.indexOf(one.state) >= order.indexOf(state);
      const kill = async () => {
        await others[0].reaches(number, seen);
        await leader.stop("SIGKILL");
      };
      if (order.indexOf(state) < 3) {
        await beginRelease(others[0], kill);
        await endRelease(others[0]);
      } else {
        await beginRelease(others[0]);
        await others[0].reaches(number, inState("signed"));
        expect(await others[0].assay()).toMatchObject({ exit: 0 });
        await others[1].publish(number);
        await kill();
        await others[0].reaches(number, inState("published"));
        expect(await endpoint.updater.update()).toMatchObject({ release: number });
      }
      await sides(others);
      await leader.start();
    },
    120_000,
  );

  it("SPEC §17.9.4 tell an auditor what the access log has, whichever of them is asked", async () => {
    await sides();
    for (const one of all) {
      const auditor = one.as("auditor");
      const file = await auditor.openAccessLog({ who: "analyst" });
      expect(file.leaves.length).toBeGreaterThan(0);
      expect(file.checkpoint).toMatch(/access/);
      await expect(auditor.openAccessLog({ from: 5, to: 1 })).rejects.toMatchObject({
        code: "REQUEST_INVALID",
      });
      await expect(one.as("analyst").openAccessLog({})).rejects.toMatchObject({ code: "ROLE_REFUSED" });
      expect(await auditor.endVisit((await auditor.beginVisit("a look at the desk")).id)).toBeInstanceOf(
        Uint8Array,
      );
    }
  });

  it("goes over at once when the leader is told to stop", async () => {
    const { leader, others } = await sides();
    expect(await leader.stop()).toBe(0);
    await sides(others);
    await beginRelease(others[1]);
    await endRelease(others[0]);
    await leader.start();
  });

  it("SPEC §17.9.2 a leader that was stopped in its sleep and comes back changes nothing", async () => {
    const { leader, others } = await sides();
    await beginRelease(others[0], async () => {
      leader.signal("SIGSTOP");
    });
    // Nobody is answered meanwhile: the sleeper has the access log. But somebody else leads.
    await sides(others);
    leader.signal("SIGCONT");
    await until(
      "the former leader to follow",
      () => leading(leader),
      (flag) => flag === 0,
    );
    await endRelease(others[1]);
    const { items } = await others[0].as("auditor").listReleases("endpoint", {});
    expect(items.map(({ state }) => state)).toEqual(items.map(() => "published"));
    expect(items).toHaveLength(number);
  });
});
