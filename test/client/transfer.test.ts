/** SPEC §8.3: what an endpoint does with several mirrors, with servers that want to be left alone, and with a budget of bytes. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { retryAfterSeconds } from "../../src/client/mirrors.js";
import { timestampPath } from "../../src/core/release/tree-paths.js";
import { type Behaviour, SimulatedServer, broken, cutAfter, flipped, missing } from "../simulator/server.js";
import { type Scene, indicators, openScene } from "./endpoint.js";

let scene: Scene;
let second: SimulatedServer;
beforeEach(async () => {
  scene = await openScene();
  second = await SimulatedServer.start(scene.publisher.tree);
  await scene.publisher.release(indicators(1));
  await scene.endpoint.updater.update();
  await scene.endpoint.updater.configure((now) => ({ ...now, mirrors: [second.url] }));
  for (const one of [scene.server, second]) one.requests.length = 0;
});
afterEach(async () => {
  await second.close();
  await scene.close();
});

const update = () => scene.endpoint.updater.update();
const asked = (server: SimulatedServer, pattern: RegExp) =>
  server.requests.filter((path) => pattern.test(path));
const busy =
  (retryAfter: string): Behaviour =>
  (_request, response) =>
    void response.writeHead(503, { "retry-after": retryAfter }).end();

describe("SPEC §8.3.4: several mirrors, in order", () => {
  it("the first one alone is asked as long as it serves", async () => {
    await scene.publisher.release(indicators(2));
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
    expect(asked(second, /timestamp|snapshot|targets|endpoint\.json|2\.p7s/)).toEqual([]);
  });

  const spoils: [name: string, pattern: RegExp, behaviour: Behaviour][] = [
    ["timestamp is gone", /timestamp/, missing],
    ["timestamp is cut off", /timestamp/, broken],
    ["snapshot is spoiled", /snapshot/, flipped(40)],
    ["manifest is missing", /2\.endpoint\.json/, missing],
    ["signature is missing", /2\.p7s$/, missing],
    ["signature is spoiled", /2\.p7s$/, flipped(900)],
    ["pack is missing", /^targets/, missing],
    ["pack is spoiled", /^targets/, flipped(60)],
    ["pack breaks off at once", /^targets/, broken],
    ["everything is gone", /./, broken],
  ];
  it.each(spoils)("when the %s at the first, the second one has it", async (_name, pattern, behaviour) => {
    await scene.publisher.release(indicators(2));
    scene.server.behaviours.push([pattern, behaviour]);
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
    expect(asked(second, pattern)).not.toEqual([]);
  });

  it("SPEC §8.3.5: a failure is remembered for the object, not for the host, and for an hour", async () => {
    await scene.publisher.release(indicators(2));
    scene.server.behaviours.push([/timestamp/, broken]);
    await update();
    expect(asked(scene.server, /snapshot/)).toHaveLength(1);
    expect(asked(second, /snapshot/)).toHaveLength(0);
    // A connection that is closed before any answer is asked for once more.
    expect(asked(scene.server, /timestamp/)).toHaveLength(2);
    scene.server.behaviours.length = 0;
    await update();
    expect(asked(scene.server, /timestamp/)).toHaveLength(2);
    scene.wait(2 / 24);
    await update();
    expect(asked(scene.server, /timestamp/)).toHaveLength(3);
  });

  it("a mirror that lags behind in time does not hold the endpoint back once its timestamp has expired", async () => {
    const old = scene.publisher.tree.get(timestampPath) as Uint8Array;
    scene.server.behaviours.push([/timestamp/, (_q, response) => void response.end(old)]);
    scene.wait(2);
    await scene.publisher.release(indicators(2));
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
  });

  it("what one mirror began, the other one ends at the byte where it broke", async () => {
    await scene.publisher.release(indicators(2, 3000));
    const ranges: unknown[] = [];
    scene.server.behaviours.push([/^targets/, cutOnce(700)]);
    second.behaviours.push([
      /^targets/,
      (request, response, bytes) => {
        ranges.push(request.headers.range);
        cutAfter(1e9)(request, response, bytes);
      },
    ]);
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
    expect(ranges).toEqual(["bytes=700-"]);
  });

  it("when all are wrong, the lie is the answer, and the database stays", async () => {
    await scene.publisher.release(indicators(2));
    scene.server.behaviours.push([/timestamp/, broken]);
    second.behaviours.push([/timestamp/, flipped(30)]);
    const before = await scene.endpoint.databaseSha256();
    await expect(update()).rejects.toMatchObject({ code: expect.stringMatching(/^(METADATA|JSON)_/) });
    expect(await scene.endpoint.databaseSha256()).toBe(before);
  });

  it("one server's tag is never shown to another", async () => {
    const tags: unknown[] = [];
    second.behaviours.push([
      /timestamp/,
      (request, response, bytes) => {
        tags.push(request.headers["if-none-match"]);
        response.end(bytes);
      },
    ]);
    scene.server.behaviours.push([/timestamp/, broken]);
    await update();
    expect(tags).toEqual([undefined]);
  });
});

/** A part, and then nothing any more. */
function cutOnce(count: number): Behaviour {
  let asks = 0;
  return (...args) => (asks++ === 0 ? cutAfter(count) : broken)(...args);
}

describe("SPEC §8.3.5: Retry-After", () => {
  it("a server is not asked again before the time that it gave, and the reason is told", async () => {
    await scene.endpoint.updater.configure((now) => ({ ...now, mirrors: [] }));
    scene.server.behaviours.push([/timestamp/, busy("7200")]);
    await expect(update()).rejects.toMatchObject({ code: "FETCH_FAILED" });
    scene.server.behaviours.length = 0;
    scene.wait(1 / 24);
    await expect(update()).rejects.toMatchObject({ code: "FETCH_DEFERRED" });
    expect(asked(scene.server, /./)).toHaveLength(1);
    expect((await scene.endpoint.updater.status()).lastFailure).toMatchObject({ code: "FETCH_DEFERRED" });
    scene.wait(1.1 / 24);
    expect(await update()).toMatchObject({ outcome: "current" });
  });

  it("meanwhile the other mirror serves", async () => {
    scene.server.behaviours.push([/timestamp/, busy("7200")]);
    for (let i = 0; i < 3; i++) expect(await update()).toMatchObject({ outcome: "current" });
    expect(asked(scene.server, /timestamp/)).toHaveLength(1);
    expect(asked(second, /timestamp/)).toHaveLength(3);
  });

  const now = new Date("2026-11-22T12:00:00Z");
  it.each([
    ["120", 120],
    ["Sun, 22 Nov 2026 12:05:00 GMT", 300],
    ["99999999", 86_400],
    ["Sun, 22 Nov 2096 12:05:00 GMT", 86_400],
    ["0", undefined],
    ["-5", undefined],
    ["soon", undefined],
    ["Sun, 22 Nov 2026 11:00:00 GMT", undefined],
    ["2026-11-22", undefined],
    [undefined, undefined],
  ])("%s is %s", (header, seconds) => {
    expect(retryAfterSeconds(header, now)).toBe(seconds);
  });
});

describe("SPEC §8.3.7: bytes a day", () => {
  it("a pack is cut when the day's bytes are spent, and goes on the day after", async () => {
    await scene.endpoint.updater.configure(() => ({ mirrors: [], bytesPerDayMax: 30_000 }));
    scene.wait(1);
    await scene.publisher.release(indicators(9000, 20_000));
    await expect(update()).rejects.toMatchObject({ code: "BUDGET_SPENT" });
    expect((await scene.endpoint.updater.status()).bytesLeftToday).toBe(0);
    await expect(update()).rejects.toMatchObject({ code: "BUDGET_SPENT" });
    let tries = 0;
    const nextDay = async () => {
      scene.wait(1);
      await scene.publisher.publishTimestamp();
      tries++;
    };
    await nextDay();
    while ((await update().catch(({ code }) => code)) === "BUDGET_SPENT") await nextDay();
    expect((await scene.endpoint.updater.status()).installed?.release).toBe(2);
    // What was there already was asked for no more: a piece of the line's choosing is the most that a day gets too many.
    expect(tries).toBeGreaterThan(1);
    expect(asked(scene.server, /^targets/).length).toBeGreaterThan(2);
    expect(scene.endpoint.types()).toContain("installed");
  });
});
