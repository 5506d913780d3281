/** An overseer that compiles before the manifest comes judges as one that does not, and whatever it made ahead decides nothing. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openDesk } from "../../src/adapters/desk/http.js";
import { watchReleases } from "../../src/assay/watch.js";
import { AheadMemory, workAhead } from "../../src/assay/work-ahead.js";
import { OperationError } from "../../src/core/errors.js";
import { parseSources } from "../../src/core/release/sources.js";
import type { ReleaseRecord } from "../../src/services/model.js";
import { directWorkers, feed } from "../services/desk.js";
import { openService, type TestService } from "../support/service.js";
import { type Loose, openOverseer, type Overseer, restage } from "./overseer.js";

let service: TestService;
let overseer: Overseer;
let ahead: AheadMemory;
let asked: string[];
let parses: number;
beforeEach(async () => {
  service = await openService();
  [ahead, asked, parses] = [new AheadMemory(), [], 0];
  const desk = openDesk({ server: service.origin, token: service.tokens.overseer });
  const workers: typeof directWorkers = {
    ...directWorkers,
    parse: (kind, files) => {
      parses += files.length;
      return directWorkers.parse(kind, files);
    },
    runs: (kind, parts) => {
      parses += parts.length;
      return directWorkers.runs(kind, parts);
    },
  };
  overseer = await openOverseer(service, {
    ...{ ahead, workers },
    desk: {
      ...desk,
      file: (sha256, bytes) => {
        asked.push(sha256);
        return desk.file(sha256, bytes);
      },
    },
  });
});
afterEach(async () => {
  await overseer.close();
  await service.close();
});

async function build(text: string): Promise<ReleaseRecord> {
  await service.desk.addRules("hosts", "ioc", { "h.txt": text });
  return service.desk.build();
}

const sourcesOf = async ({ release }: ReleaseRecord) =>
  parseSources(await overseer.context.desk.sources(feed, release));

describe("work ahead of the manifest", () => {
  it("leaves nothing to fetch or to parse when the manifest comes, and judges all of it", async () => {
    const release = await build("evil.example.com\n");
    await workAhead(overseer.context, feed, release.release);
    expect({ asked: asked.length, parses }).toEqual({ asked: 1, parses: 1 });
    expect(await overseer.records.list("databases")).toEqual([]);
    const { result, checks } = await overseer.assay();
    expect(result).toBe("PASSED");
    expect(checks.filter((line) => line.includes("equal"))).toHaveLength(2);
    expect({ asked: asked.length, parses }).toEqual({ asked: 1, parses: 1 });
  });

  it("makes the delta too, from the database that was built here before", async () => {
    const first = await build("evil.example.com\n");
    expect((await overseer.assay()).result).toBe("PASSED");
    await service.desk.publish(first);
    const release = await build("evil.example.com\nworse.example.com\n");
    await workAhead(overseer.context, feed, release.release);
    const facts = await ahead.database(feed, await sourcesOf(release));
    const [before] = await overseer.records.list<{ facts: { sha256: never } }>("databases");
    const base = before?.body.facts.sha256;
    expect(ahead.pack(feed, base, facts?.sha256 as never)?.bytes).toBeGreaterThan(0);
    expect((await overseer.assay()).result).toBe("PASSED");
  });

  it("SPEC §10.3.9 is of one source tree: a number that was taken again is compiled anew", async () => {
    const release = await build("evil.example.com\n");
    await workAhead(overseer.context, feed, release.release);
    const sources = await sourcesOf(release);
    expect(await ahead.database(feed, sources)).toBeDefined();
    const [revision] = sources.revisions;
    const other = { ...sources, revisions: [{ ...revision, ruleset: "others" } as typeof revision & object] };
    expect(await ahead.database(feed, other)).toBeUndefined();
  });

  it("SPEC §10.3.9 does not decide: a pack that was remembered falsely is made again, and equal", async () => {
    const release = await build("evil.example.com\n");
    await workAhead(overseer.context, feed, release.release);
    const target = (await ahead.database(feed, await sourcesOf(release)))?.sha256 as never;
    const right = ahead.pack(feed, undefined, target);
    ahead.rememberPack(feed, undefined, target, { ...right, bytes: 1 } as NonNullable<typeof right>);
    expect((await overseer.assay()).result).toBe("PASSED");
  });

  it("SPEC §10.2.9 refuses a pack that differs from the one made ahead", async () => {
    const release = await build("evil.example.com\n");
    await workAhead(overseer.context, feed, release.release);
    await restage(service, release, (signed: Loose) => {
      for (const target of Object.values<Loose>(signed.targets)) target.length += 1;
    });
    expect((await overseer.assay()).result).toBe("FAILED");
  });

  it("that fails is no answer: the release is judged as if nobody had tried", async () => {
    const release = await build("evil.example.com\n");
    const { desk } = overseer.context;
    const file = () => Promise.reject(new OperationError("FETCH_FAILED", "expected an answer, got none"));
    await workAhead({ ...overseer.context, desk: { ...desk, file } }, feed, release.release);
    expect(await ahead.database(feed, await sourcesOf(release))).toBeUndefined();
    expect((await overseer.assay()).result).toBe("PASSED");
  });

  it("begins when a release is queued, once, and is over before the release is judged", async () => {
    const { release } = await build("evil.example.com\n");
    const told = new AbortController();
    const { desk } = overseer.context;
    const states = ["queued", "queued", "built"];
    const heard: string[] = [];
    const releases: typeof desk.releases = async (...given) => {
      const state = states.shift();
      return state === undefined ? desk.releases(...given) : { items: [{ release, state }], tag: undefined };
    };
    const watching = watchReleases(
      { ...overseer.context, desk: { ...desk, releases }, onProgress: () => heard.push(`parses ${parses}`) },
      {
        ...{ feeds: [feed], once: false, waitSeconds: 60, stop: told.signal },
        pause: async () => undefined,
        onVerdict: ({ result }) => heard.push(result),
        onFailure: ({ code }) => heard.push(code),
      },
    );
    await vi.waitFor(() => expect(heard.at(-1)).toBe("PASSED"), 20_000);
    told.abort();
    await watching;
    expect(heard[0]).toBe("parses 1");
    expect({ asked: asked.length, parses }).toEqual({ asked: 1, parses: 1 });
  });
});
