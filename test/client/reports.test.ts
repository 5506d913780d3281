/** What an endpoint tells its publisher: nothing unless its owner says so, nothing twice, and nothing that could hurt or name it. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpReportSender, reportRequestText } from "../../src/adapters/fetcher/post-report.js";
import { openFilesystemEndpointStore } from "../../src/adapters/endpoint-store/filesystem.js";
import { chooseReports, reportStatus } from "../../src/client/choose-reports.js";
import { rounded } from "../../src/client/note-update.js";
import type { ReportChoices } from "../../src/client/report-choices.js";
import { noteID, readNotes, writeNotes } from "../../src/client/report-notes.js";
import { writeOutbox } from "../../src/client/report-outbox.js";
import { reportBody, sendReport } from "../../src/client/send-report.js";
import { readConfig } from "../../src/client/state.js";
import { type HealthReport, readReports } from "../../src/core/health-report.js";
import type { ReportAnswer } from "../../src/ports/report-sender.js";
import { type Behaviour, flipped, missing } from "../simulator/server.js";
import { Dead, dyingStore } from "./dying-store.js";
import { type Scene, indicators, openScene } from "./endpoint.js";

let scene: Scene;
/** Bodies that the service took, oldest first. */
let taken: HealthReport[];
let headers: Record<string, unknown>[];
beforeEach(async () => {
  scene = await openScene();
  taken = [];
  headers = [];
  scene.server.behaviours.push([/^reports\//, take]);
});
afterEach(() => scene.close());

const take: Behaviour = (request, response) => {
  headers.push(request.headers);
  let text = "";
  request.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  request.on("end", () => {
    taken.push(...readReports(JSON.parse(text)).reports);
    response.writeHead(204).end();
  });
};
const refused = (code: string) => expect.objectContaining({ code });
const update = (options = {}) => scene.endpoint.updater.update(options);
const store = () => openFilesystemEndpointStore(scene.endpoint.folder);
const on = async (choices: Partial<ReportChoices> = {}) =>
  chooseReports((await store()).files, () => ({ region: "ch", delaySeconds: 0, ...choices }));
const status = async () => {
  const { files } = await store();
  return reportStatus(files, await readConfig(files));
};
async function send(parts: { timeoutMs?: number; random?: number } = {}) {
  const { files } = await store();
  const sender = httpReportSender(async () => ({ timeoutMs: 1000, ...parts }));
  return sendReport({ files, sender, now: () => scene.publisher.now, random: () => parts.random ?? 0 });
}
async function sendAll(): Promise<(string | undefined)[]> {
  const all: (string | undefined)[] = [];
  for (;;) {
    const answer = await send();
    if (answer === undefined) return all;
    all.push(answer);
  }
}
const ask = (check: string) => scene.endpoint.updater.chooseHealth(() => ({ kind: "ioc", check }));

describe("SPEC §16.5.1 without its owner's word", () => {
  it("an endpoint says and writes nothing", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    expect(await send()).toBeUndefined();
    expect([taken, scene.server.requests.filter((path) => path.startsWith("reports"))]).toEqual([[], []]);
    await expect(scene.endpoint.read("reports.json")).rejects.toThrow("ENOENT");
    expect(await scene.endpoint.updater.status()).toMatchObject({ reports: null });
  });

  it("SPEC §16.5.6 nothing of what was before it is told", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    await on();
    await update();
    expect([await sendAll(), taken]).toEqual([[], []]);
  });

  it("SPEC §16.5.6 what waits is not sent when the word is taken back, and not when it is given again", async () => {
    await on();
    await scene.publisher.release(indicators(1));
    await update();
    expect((await status())?.waiting).toHaveLength(1);
    await chooseReports((await store()).files, () => undefined);
    expect(await send()).toBeUndefined();
    await on();
    await update();
    expect([await send(), taken]).toEqual([undefined, []]);
  });

  it.each([
    { region: "Zürich" },
    { region: "ch/../x" },
    { url: "ftp://x" },
    { url: "https://x/?who=me" },
    { delaySeconds: -1 },
    { delaySeconds: 86_401 },
  ])("cannot be given as %j", async (choices) => {
    await expect(on(choices as never)).rejects.toThrowError(refused("USAGE"));
    expect(await status()).toBeNull();
  });
});

describe("SPEC §16.5.7 a report", () => {
  it("says what was installed, by which path, and how many rules, roughly", async () => {
    await ask("echo rules: 8712345");
    await on();
    await scene.publisher.release(indicators(1));
    await update();
    expect(await sendAll()).toEqual(["taken"]);
    await scene.publisher.release(indicators(2));
    await update();
    await update();
    expect(await sendAll()).toEqual(["taken"]);
    const same = { hour: "2026-11-22T12", outcome: "installed", code: null, rules: 8_700_000, count: 1 };
    expect(taken).toEqual([
      { release: 1, from: 0, path: "full", ...same },
      { release: 2, from: 1, path: "delta", ...same },
    ]);
  });

  it("says that the engine did not live with a release, once", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    await on();
    await scene.publisher.release(indicators(2));
    await ask("false");
    await expect(update()).rejects.toThrowError(refused("ENGINE_REFUSED"));
    await expect(update({ again: true })).rejects.toThrowError(refused("ENGINE_REFUSED"));
    await update();
    expect(await sendAll()).toEqual(["taken"]);
    expect(taken[0]).toMatchObject({
      release: 2,
      path: "none",
      outcome: "rolled-back",
      code: "ENGINE_REFUSED",
    });
  });

  it("says that the first release of all could not be used", async () => {
    await on();
    await ask("false");
    await scene.publisher.release(indicators(1));
    await expect(update()).rejects.toThrowError(refused("ENGINE_REFUSED"));
    expect(await sendAll()).toEqual(["taken"]);
    expect(taken[0]).toMatchObject({ release: 1, outcome: "failed", code: "ENGINE_REFUSED" });
  });

  it("says that its owner went back", async () => {
    await on();
    for (const n of [1, 2]) {
      await scene.publisher.release(indicators(n));
      await update();
    }
    await scene.endpoint.updater.rollback();
    await update();
    await sendAll();
    expect(taken.map(({ release, outcome, code }) => [release, outcome, code])).toEqual([
      [1, "installed", null],
      [2, "installed", null],
      [2, "rolled-back", null],
    ]);
  });

  it("says that what was signed did not hold, and is not about the release that is here", async () => {
    await on();
    await scene.publisher.release(indicators(1));
    await update();
    await sendAll();
    await scene.publisher.release(indicators(2), { signers: [scene.publisher.publisherKey] });
    for (const _ of [1, 2]) await expect(update()).rejects.toThrowError(refused("METADATA_THRESHOLD"));
    expect(await sendAll()).toEqual(["taken"]);
    expect(taken[1]).toMatchObject({ release: 2, outcome: "failed", code: "METADATA_THRESHOLD", from: 0 });
  });

  it.each<[string, RegExp, Behaviour, string]>([
    ["a pack that is not there", /^targets\//, missing, "FETCH_NOT_FOUND"],
    ["a server that is not there", /^metadata\/timestamp/, missing, "FETCH_NOT_FOUND"],
    ["a portal's page instead of a timestamp", /^metadata\/timestamp/, flipped(3), "METADATA_MALFORMED"],
  ])("is not made of %s", async (_, path, behaviour, code) => {
    await scene.publisher.release(indicators(1));
    await update();
    await on();
    await scene.publisher.release(indicators(2));
    scene.server.behaviours.unshift([path, behaviour]);
    await expect(update()).rejects.toThrowError(refused(code));
    expect([await send(), (await status())?.waiting]).toEqual([undefined, []]);
  });

  it("is not made of an owner's choice", async () => {
    await on();
    await scene.publisher.release(indicators(1));
    await scene.endpoint.updater.chooseRings(() => ({ turn: "drawn", delayHours: 5 }));
    await expect(update()).rejects.toThrowError(refused("RELEASE_UNREACHABLE"));
    expect((await status())?.waiting).toEqual([]);
  });

  it.each([
    [8_712_345, 8_700_000],
    [437, 440],
    [99, 99],
    [0, 0],
  ])("SPEC §16.5.8 blurs %i rules to %i", (count, blurred) => expect(rounded(count)).toBe(blurred));
});

describe("SPEC §16.5.10 a request", () => {
  it("is, byte for byte, what the owner was shown, on a connection that ends with it", async () => {
    const seen: string[] = [];
    const server = createServer((socket: Socket) => {
      let text = "";
      socket.setEncoding("latin1").on("data", (part: string) => {
        text += part;
        if (text.endsWith("}]}")) socket.write('HTTP/1.1 204 OK\r\nSet-Cookie: id=7\r\nETag: "7"\r\n\r\n');
      });
      socket.on("close", () => seen.push(text));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as { port: number };
    await on({ url: `http://127.0.0.1:${port}/relay` });
    for (const n of [1, 2]) {
      await scene.publisher.release(indicators(n));
      await update();
    }
    const { feed } = scene.publisher;
    const waiting = (await status())?.waiting ?? [];
    const address = `http://127.0.0.1:${port}/relay/reports/ch`;
    const shown = waiting.map(({ report }) => reportRequestText(address, reportBody(feed, report)));
    expect(await sendAll()).toEqual(["taken", "taken"]);
    await new Promise((closed) => server.close(closed));
    expect(seen).toEqual(shown);
    expect(shown[1]).not.toMatch(/cookie|if-none|etag|authorization|node|undici|[0-9a-f]{32}/i);
  });

  it("comes at a time that says nothing of when the update was made", async () => {
    await on({ delaySeconds: 600 });
    const due = new Set<string>();
    for (let n = 1; n <= 4; n++) {
      await scene.publisher.release(indicators(n));
      await update();
    }
    for (const { dueAt } of (await status())?.waiting ?? []) due.add(dueAt);
    const waits = [...due].map((at) => (Date.parse(at) - scene.publisher.now.getTime()) / 1000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(600);
    // Four draws of 600 seconds that agree: one in 2 * 10^8.
    expect(due.size).toBeGreaterThan(1);
    scene.wait(1 / 144);
    expect(await sendAll()).toHaveLength(4);
  });
});

describe("SPEC §16.5.9 a report server that", () => {
  const endless: Behaviour = (_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
    };
    response.writeHead(200);
    response.on("drain", more);
    more();
  };
  const says =
    (status: number, more: Record<string, string> = {}): Behaviour =>
    (_request, response) =>
      void response.writeHead(status, more).end();

  it.each<[string, Behaviour, ReportAnswer["kind"], number]>([
    ["says nothing", () => undefined, "unknown", 0],
    ["never ends", endless, "taken", 0],
    ["sends elsewhere", says(307, { location: "/elsewhere" }), "refused", 0],
    ["fails", says(500), "refused", 0],
    ["knows no such region", says(404), "refused", 0],
    ["breaks off", (request) => void request.socket.destroy(), "unknown", 0],
    ["sends a head without end", says(204, { x: "y".repeat(20_000) }), "unknown", 0],
    ["is at its limit", says(429), "later", 1],
    ["is down for a while", says(503), "later", 1],
  ])("%s gets a report once, and an update is none the worse", async (_, behaviour, kind, left) => {
    scene.server.behaviours.unshift([/^(reports|elsewhere)/, behaviour]);
    await on();
    await scene.publisher.release(indicators(1));
    await update();
    expect(await send({ timeoutMs: 300 })).toBe(kind);
    expect(scene.server.requests.filter((path) => /^(reports|elsewhere)/.test(path))).toEqual(["reports/ch"]);
    expect((await status())?.waiting).toHaveLength(left);
    expect(await send({ timeoutMs: 300 })).toBeUndefined();
    await scene.publisher.release(indicators(2));
    expect(await update()).toMatchObject({ outcome: "updated", release: 2 });
    expect(await scene.endpoint.updater.status()).toMatchObject({ lastFailure: null });
  });

  it("asks for patience has it, and one that never takes it is let go", async () => {
    scene.server.behaviours.unshift([/^reports/, says(503, { "retry-after": "7200" })]);
    await on();
    await scene.publisher.release(indicators(1));
    await update();
    const answers: unknown[] = [];
    for (let hour = 0; hour < 9; hour++) {
      answers.push(await send());
      scene.wait(1 / 24);
    }
    expect(answers).toEqual([
      "later",
      undefined,
      "later",
      undefined,
      "later",
      ...new Array(4).fill(undefined),
    ]);
    expect((await status())?.sent).toMatchObject([{ answer: "gave up", tries: 3 }]);
  });

  it("is not there hears of it later", async () => {
    const { server } = scene;
    await on({ url: "http://127.0.0.1:9" });
    await scene.publisher.release(indicators(1));
    await update();
    expect(await send()).toBe("later");
    await on({ url: server.url });
    expect(await send()).toBeUndefined();
    scene.wait(0.02);
    expect([await send(), taken.length]).toEqual(["taken", 1]);
  });

  it("takes nothing for two days hears of it no more", async () => {
    await on();
    await scene.publisher.release(indicators(1));
    await update();
    scene.wait(2.1);
    expect([await send(), taken]).toEqual([undefined, []]);
  });
});

describe("SPEC §16.5.9 a crash", () => {
  it("while a report is on its way loses it, and doubles nothing", async () => {
    await on();
    await scene.publisher.release(indicators(1));
    await update();
    const { files } = await store();
    const died = new Error("killed");
    const sender = {
      send: async (url: string, body: Uint8Array): Promise<ReportAnswer> => {
        await httpReportSender(async () => ({})).send(url, body);
        throw died;
      },
    };
    const parts = { files, now: () => scene.publisher.now, random: () => 0 };
    await expect(sendReport({ ...parts, sender })).rejects.toBe(died);
    expect(await sendAll()).toEqual([]);
    expect((await status())?.sent).toMatchObject([{ answer: "out" }]);
    await update();
    expect([await sendAll(), taken.length]).toEqual([[], 1]);
  });

  it("at any operation of an update leaves one report of it in the end: not none, not two", async () => {
    await scene.publisher.release(indicators(1, 5));
    let points = 0;
    for (let isOver = false; !isOver; points++) {
      const name = `dying-${points}`;
      const whole = await scene.endpointOn(name);
      await whole.updater.init({ url: scene.server.url, root: scene.publisher.root });
      const disk = await openFilesystemEndpointStore(whole.folder);
      await chooseReports(disk.files, () => ({ region: "ch", delaySeconds: 0 }));
      const locks: (() => Promise<void>)[] = [];
      const life = { operations: 0, diesAt: points + 1 };
      const mortal = await scene.endpointOn(name, (one) => dyingStore(one, life, locks));
      const error = await mortal.updater.update().catch((thrown: unknown) => thrown);
      // A stop while the report is noted costs nobody the update.
      isOver = !(error instanceof Dead) && life.operations < life.diesAt;
      for (const unlock of locks) await unlock();
      await whole.updater.update();
      const mail = await reportStatus(disk.files, await readConfig(disk.files));
      expect(mail?.waiting.map(({ report }) => `${report.release} ${report.outcome}`)).toEqual([
        "1 installed",
      ]);
      await rm(whole.folder, { recursive: true });
    }
    console.log(`reports: ${points - 1} points between store operations, one report after each`);
    expect(points).toBeGreaterThan(15);
  });

  it.each(["reports.json", "reports-sent.json"])(
    "that spoils %s costs reports, and doubles none",
    async (name) => {
      await on();
      await scene.publisher.release(indicators(1));
      await update();
      expect(await sendAll()).toEqual(["taken"]);
      await writeFile(join(scene.endpoint.folder, name), "torn");
      await update();
      expect([await sendAll(), taken.length]).toEqual([[], 1]);
      await scene.publisher.release(indicators(2));
      await update();
      await sendAll();
      expect(taken.filter(({ release }) => release === 1)).toHaveLength(1);
      expect(await readFile(join(scene.endpoint.folder, "reports.json"), "utf8")).toContain("2/installed");
    },
  );

  it("leaves bounded files, whatever happens", async () => {
    await on();
    const { files } = await store();
    const report = (release: number) => ({ release, outcome: "installed" }) as HealthReport;
    const noted = Array.from({ length: 99 }, (_, i) => ({
      report: report(i + 1),
      dueAt: "2026-11-22T12:00:00Z",
    }));
    await writeNotes(files, { schema: 1, said: noted.map(noteID), noted });
    const sent = noted.map((one) => ({ ...one, at: one.dueAt, answer: "taken", tries: 1 }) as const);
    await writeOutbox(files, { schema: 1, sent, notBefore: null });
    const notes = await readNotes(files);
    expect([notes?.said.length, notes?.noted.length, (await status())?.sent.length]).toEqual([64, 16, 32]);
    expect(notes?.noted.at(-1)?.report.release).toBe(99);
  });
});
