/** SPEC §8.3.9, §8.3.10: large packs over several connections, unpacked while they come, and taken up wherever they broke. */
import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { type AddressInfo, type Server, connect, createServer } from "node:net";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openFilesystemEndpointStore } from "../../src/adapters/endpoint-store/filesystem.js";
import { type HTTPFetcherOptions, openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { nodeDigest } from "../../src/adapters/node-digest.js";
import { Budget } from "../../src/client/budget.js";
import { type Downloaded, downloadPack } from "../../src/client/download.js";
import { PublicTreeReader } from "../../src/client/fetch-file.js";
import type { PackFacts } from "../../src/core/format/model.js";
import { type Behaviour, SimulatedServer, askedOf, broken } from "../simulator/server.js";
import { Dead, dyingStore, type Mortality } from "./dying-store.js";
import { type Scene, type TestEndpoint, freshEndpoint, freshName, openScene } from "./endpoint.js";

const mebibyte = 1024 * 1024;
let scene: Scene;
let second: SimulatedServer;
let path: string;
let pack: Uint8Array;

/** Incompressible, so that few of them make a large pack. */
const hashes = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => createHash("sha256").update(String(i)).digest("hex"));

beforeAll(async () => {
  scene = await openScene();
  second = await SimulatedServer.start(scene.publisher.tree);
  scene.publisher.method = "zstd";
  const rule = 'alert tcp any any -> any 80 (msg:"one"; content:"abc"; sid:1; rev:1;)';
  await scene.publisher.release(hashes(200_000), { sources: { "one.rules": rule } });
  path = [...scene.publisher.tree.keys()].find((name) => name.endsWith("1.full.rmp")) as string;
  pack = scene.publisher.tree.get(path) as Uint8Array;
});
afterEach(() => {
  for (const server of [scene.server, second]) {
    server.behaviours = [];
    server.requests.length = 0;
  }
});
afterAll(async () => {
  await second.close();
  await scene.close();
});

const endpoint = (network?: object) => freshEndpoint(scene, network);
const sha256 = () => scene.publisher.databases.get(1)?.sha256;

/** A line that is slow by the connection, not by the server: what parallel transfers are for. */
interface Line {
  readonly latencyMs?: number;
  readonly bytesPerSecond?: number;
  /** Bodies stop behind their first piece until then. */
  readonly until?: Promise<unknown>;
  readonly change?: (bytes: Uint8Array) => Uint8Array;
}

class Traffic {
  readonly ranges: string[] = [];
  now = 0;
  most = 0;
  sent = 0;

  /** Serves parts as a good server does. */
  serve({
    latencyMs = 0,
    bytesPerSecond = Number.POSITIVE_INFINITY,
    until,
    change = (same) => same,
  }: Line = {}): Behaviour {
    return async (request, response, bytes = new Uint8Array()) => {
      this.ranges.push(request.headers.range ?? "all");
      this.most = Math.max(this.most, ++this.now);
      const { start, end, status, headers } = askedOf(request, bytes);
      await sleep(latencyMs);
      response.writeHead(status, headers);
      const body = change(bytes).subarray(start, end);
      const step = Math.min(64 * 1024, Math.max(1024, bytesPerSecond / 20));
      for (let at = 0; at < body.length && !response.destroyed; at += step) {
        const part = body.subarray(at, at + step);
        if (at > 0) await sleep((part.length / bytesPerSecond) * 1000);
        this.sent += part.length;
        await new Promise((resolve) => response.write(part, resolve));
        await until;
      }
      this.now--;
      response.end();
    };
  }
}

const served = (line?: Line, server = scene.server): Traffic => {
  const traffic = new Traffic();
  server.behaviours.push([/full\.rmp$/, traffic.serve(line)]);
  return traffic;
};

/** Requests from the given one on are answered when so many wait; all, once they did. */
function togetherFrom(first: number, count: number, behaviour: Behaviour): Behaviour {
  const waiting: (() => void)[] = [];
  let [requests, isOpen] = [0, false];
  return (...args) => {
    if (requests++ < first || isOpen) return behaviour(...args);
    waiting.push(() => behaviour(...args));
    isOpen = waiting.length === count;
    if (isOpen) for (const answer of waiting) answer();
  };
}

describe("a large pack", () => {
  it("comes over four connections, each byte once", async () => {
    const traffic = new Traffic();
    scene.server.behaviours = [[/full\.rmp$/, togetherFrom(1, 4, traffic.serve())]];
    const one = await endpoint();
    expect(await one.updater.update()).toMatchObject({ outcome: "updated", bytes: pack.length });
    expect(await one.databaseSha256()).toBe(sha256());
    expect(traffic.sent).toBe(pack.length);
    expect(traffic.most).toBe(4);
    // What is at the end says where all else is; and no request asks for more than a mebibyte of a pack of this size.
    const mebibytes = Array.from({ length: 6 }, (_, i) => `bytes=${i * mebibyte}-${(i + 1) * mebibyte - 1}`);
    expect(traffic.ranges).toEqual([`bytes=${6 * mebibyte}-`, ...mebibytes]);
    expect(await readdir(join(one.folder, "work"))).toEqual([]);
  });

  it("of xz streams comes the same way, and a lie in it ends it the same way", async () => {
    const xz = await openScene();
    try {
      await xz.publisher.release(hashes(200_000));
      const traffic = new Traffic();
      let at = -1;
      const change = (bytes: Uint8Array) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
      xz.server.behaviours = [[/full\.rmp$/, (...args) => traffic.serve({ change })(...args)]];
      at = 2 * mebibyte;
      const refusal = expect.objectContaining({
        code: expect.stringMatching(/^(CODEC_FAILED|PACK_MALFORMED)$/),
      });
      await expect(xz.endpoint.updater.update()).rejects.toEqual(refusal);
      expect(await bytesIn(xz.endpoint)).toBe(0);
      at = -1;
      traffic.ranges.length = 0;
      const sent = traffic.sent;
      const { outcome, bytes } = await xz.endpoint.updater.update();
      expect(outcome).toBe("updated");
      expect(bytes).toBe(traffic.sent - sent);
      expect(traffic.ranges.length).toBeGreaterThan(4);
      expect(await xz.endpoint.databaseSha256()).toBe(xz.publisher.databases.get(1)?.sha256);
    } finally {
      await xz.close();
    }
  });

  it("is in use sooner where a connection is slow", async () => {
    const line = { latencyMs: 50, bytesPerSecond: 2 * mebibyte };
    const seconds = async (connectionsMax: number) => {
      const traffic = served(line);
      const one = await endpoint({ connectionsMax });
      const start = performance.now();
      await one.updater.update();
      scene.server.behaviours = [];
      expect(traffic.most).toBe(connectionsMax);
      return (performance.now() - start) / 1000;
    };
    const [alone, four] = [await seconds(1), await seconds(4)];
    console.log(
      `segments: ${pack.length} bytes in ${alone.toFixed(1)} s by one connection, ${four.toFixed(1)} s by four`,
    );
    expect(four).toBeLessThan(alone);
  });
});

/** Bytes of the pack that wait for the next update. */
async function bytesIn({ folder }: TestEndpoint): Promise<number> {
  const names = (await readdir(join(folder, "work"))).filter((name) => name.startsWith("pack-"));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, "work", name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The good behaviour, but for the requests that `is` names, from 0 on. */
const once = (is: (request: number) => boolean, behaviour: Behaviour, traffic = new Traffic()): Behaviour => {
  let requests = 0;
  const good = traffic.serve();
  return (...args) => (is(requests++) ? behaviour : good)(...args);
};
const refused = (code: unknown) => expect.objectContaining({ code });
/** Found by unpacking. */
const wrong = refused(expect.stringMatching(/^(CODEC_FAILED|PACK_MALFORMED|DATABASE_DIGEST_MISMATCH)$/));
const whole: Behaviour = (_request, response, bytes) => void response.end(bytes);
const busy =
  (headers: Record<string, string> = {}, status = 503): Behaviour =>
  (_request, response) =>
    void response.writeHead(status, headers).end();
const portOf = (server: Server) => (server.address() as AddressInfo).port;

describe("a server that does not do as asked", () => {
  it("ignores Range: one connection brings it all, each byte once", async () => {
    const traffic = new Traffic();
    const good = traffic.serve();
    scene.server.behaviours = [
      [
        /full\.rmp$/,
        (request, ...rest) => {
          request.headers.range = undefined;
          good(request, ...rest);
        },
      ],
    ];
    const one = await endpoint();
    expect(await one.updater.update()).toMatchObject({ bytes: pack.length });
    expect(traffic.ranges).toEqual(["all"]);
  });

  it("serves a part, and then the whole: what is here is passed over", async () => {
    scene.server.behaviours = [[/full\.rmp$/, once((request) => request > 0, whole)]];
    const one = await endpoint();
    expect(await one.updater.update()).toMatchObject({ outcome: "updated" });
    expect(await one.databaseSha256()).toBe(sha256());
  });

  const refusals: [name: string, refusal: Behaviour][] = [
    ["HTTP 503", busy()],
    ["HTTP 429 and a pause", busy({ "retry-after": "7200" }, 429)],
    ["HTTP 403", (_request, response) => void response.writeHead(403).end()],
    ["a connection that is closed", broken],
    ["a connection that is reset", (request) => void request.socket.resetAndDestroy()],
    ["a part that was not asked for", part((start) => ({ start: start + 1, says: start + 1 }))],
    ["the whole pack", whole],
  ];
  it.each(refusals)("SPEC §8.3.9: serves one connection, and the others get %s", async (_name, refusal) => {
    const traffic = new Traffic();
    let [refused, answering] = [0, 0];
    let goOn = () => {};
    const good = traffic.serve({ until: new Promise<void>((resolve) => (goOn = resolve)) });
    const one = await endpoint();
    scene.server.behaviours = [
      [
        /full\.rmp$/,
        (request, response, bytes) => {
          if (traffic.now === 0) return good(request, response, bytes);
          answering++;
          response.on("close", () => answering--);
          refusal(request, response, bytes);
          if (++refused === 3) goOn();
        },
      ],
    ];
    expect(await one.updater.update()).toMatchObject({ outcome: "updated" });
    expect(await one.databaseSha256()).toBe(sha256());
    expect(refused).toBeGreaterThanOrEqual(3);
    expect(traffic.sent).toBe(pack.length);
    // What nobody reads is not left hanging.
    await expect.poll(() => answering).toBe(0);
    // Nothing is held against the server.
    expect(await one.updater.update()).toMatchObject({ outcome: "current" });
    expect(JSON.parse((await one.read("state.json")).toString()).passedOver ?? []).toEqual([]);
  });

  it("SPEC §8.3.9: takes no further connection", async () => {
    const door = createServer((client) => {
      const server = connect(Number(new URL(scene.server.url).port));
      client.pipe(server).pipe(client);
      for (const socket of [client, server]) socket.on("error", () => client.destroy() && server.destroy());
    });
    await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${portOf(door)}`;
    const one = await scene.endpointOn(freshName());
    await one.updater.init({ url, root: scene.publisher.root });
    const traffic = new Traffic();
    const good = traffic.serve();
    // Who is in stays in.
    const closing: Behaviour = (...args) => {
      door.close();
      good(...args);
    };
    scene.server.behaviours = [[/full\.rmp$/, closing]];
    expect(await one.updater.update()).toMatchObject({ outcome: "updated", bytes: pack.length });
    expect(traffic.sent).toBe(pack.length);
    await expect(fetch(url)).rejects.toThrow();
  });

  it("falls silent on one connection: the others bring the rest of what it had", async () => {
    const silent: Behaviour = (request, response, bytes = new Uint8Array()) => {
      const { start, status, headers } = askedOf(request, bytes);
      response.writeHead(status, headers).write(bytes.subarray(start, start + 1000));
    };
    const traffic = new Traffic();
    scene.server.behaviours = [[/full\.rmp$/, once((request) => request === 2, silent, traffic)]];
    const one = await endpoint();
    expect(await one.updater.update()).toMatchObject({ outcome: "updated", bytes: pack.length });
    expect(traffic.sent).toBe(pack.length - 1000);
  });

  it("SPEC §8.3.9: drips on one connection: the others, which have nothing left to bring, bring the rest of what it had", async () => {
    const traffic = new Traffic();
    let [dripped, pauses] = [0, 0];
    /** A sixty-fourth of what the others get, and a byte now and then when they get nothing. */
    const dripping: Behaviour = async (request, response, bytes = new Uint8Array()) => {
      const { start, end, status, headers } = askedOf(request, bytes);
      response.writeHead(status, headers);
      while (!response.destroyed && start + dripped < end) {
        const due = Math.max(dripped + 1, Math.floor(traffic.sent / 64));
        if (due === dripped + 1) pauses++;
        response.write(bytes.subarray(start + dripped, Math.min(end, start + due)));
        dripped = due;
        await sleep(200);
      }
      response.end();
    };
    scene.server.behaviours = [[/full\.rmp$/, once((request) => request === 2, dripping, traffic)]];
    const one = await endpoint();
    expect(await one.updater.update()).toMatchObject({ outcome: "updated", bytes: pack.length });
    // The fetcher itself gives up after 50 of them.
    expect(pauses).toBeLessThan(10);
    // What the slow one brought is kept, but for what was on its way.
    expect(traffic.sent).toBeGreaterThanOrEqual(pack.length - dripped);
    // Nothing is held against the server.
    expect(JSON.parse((await one.read("state.json")).toString()).passedOver ?? []).toEqual([]);
  });

  it("refuses all connections: the next mirror brings what is missing, and is asked first from then on", async () => {
    const traffic = new Traffic();
    const honest = served({}, second);
    scene.server.behaviours = [[/full\.rmp$/, once((request) => request > 2, busy(), traffic)]];
    const one = await endpoint({ mirrors: [second.url] });
    expect(await one.updater.update()).toMatchObject({ outcome: "updated", bytes: pack.length });
    expect(traffic.sent).toBeGreaterThan(0);
    expect(traffic.sent + honest.sent).toBe(pack.length);
    const { passedOver } = JSON.parse((await one.read("state.json")).toString());
    expect(passedOver).toMatchObject([{ path, url: scene.server.url, asked: false }]);
  });

  it("SPEC §8.3.5: says to all connections when to come back, and is left alone until then", async () => {
    const traffic = new Traffic();
    scene.server.behaviours = [
      [/full\.rmp$/, once((request) => request >= 3, busy({ "retry-after": "7200" }), traffic)],
    ];
    const one = await endpoint();
    await expect(one.updater.update()).rejects.toEqual(refused("FETCH_FAILED"));
    // Nobody asks once more over one connection.
    expect(traffic.ranges.length).toBe(3);
    const asked = scene.server.requests.length;
    scene.server.behaviours = [];
    await expect(one.updater.update()).rejects.toEqual(refused("FETCH_DEFERRED"));
    expect(scene.server.requests.slice(asked).filter((name) => name === path)).toEqual([]);
    const here = await bytesIn(one);
    expect(here).toBe(traffic.sent);
    expect(here).toBeGreaterThan(0);
  });

  it("has another file from the second part on, and says so by its ETag", async () => {
    const other = pack.map((byte, at) => (at % 4096 === 99 ? byte ^ 1 : byte));
    let requests = 0;
    const conditions: unknown[] = [];
    scene.server.behaviours = [
      [
        /full\.rmp$/,
        (request, response, bytes = new Uint8Array()) => {
          conditions.push(request.headers["if-range"]);
          const now = requests++ === 0 ? bytes : other;
          const { start, end, status, headers } = askedOf(request, now);
          response.writeHead(status, { ...headers, etag: `"${now === bytes ? 1 : 2}"` });
          response.end(now.subarray(start, end));
        },
      ],
    ];
    const one = await endpoint();
    // A pack is named by its digest and proven by it: an ETag would say less.
    await expect(one.updater.update()).rejects.toEqual(wrong);
    expect(conditions.filter((one) => one !== undefined)).toEqual([]);
    expect(await bytesIn(one)).toBe(0);
    scene.server.behaviours = [];
    expect(await one.updater.update()).toMatchObject({ outcome: "updated", bytes: pack.length });
  });

  it("has a shorter file from the second part on: HTTP 416 ends it, and the next update mends it", async () => {
    let requests = 0;
    scene.server.behaviours = [
      [
        /full\.rmp$/,
        (request, response, bytes = new Uint8Array()) => {
          const now = requests++ === 0 ? bytes : bytes.subarray(0, mebibyte);
          const { start, end, status, headers } = askedOf(request, now);
          if (start >= now.length) return void response.writeHead(416).end();
          response.writeHead(status, headers).end(now.subarray(start, end));
        },
      ],
    ];
    const one = await endpoint();
    await expect(one.updater.update()).rejects.toEqual(refused("FETCH_FAILED"));
    expect(requests).toBeLessThan(8);
    scene.server.behaviours = [];
    expect(await one.updater.update()).toMatchObject({ outcome: "updated" });
    expect(await one.databaseSha256()).toBe(sha256());
  });

  const parts: [name: string, behaviour: Behaviour, code: string][] = [
    ["other bytes than it says", part((start) => ({ start: start + 1 })), "by what it unpacks to"],
    [
      "a part that was not asked for",
      part((start) => ({ start: start + 1, says: start + 1 })),
      "FETCH_FAILED",
    ],
    ["more than was asked for", part(() => ({ more: 1 })), "FETCH_TOO_LARGE"],
    ["less than was asked for", part(() => ({ more: -1 })), "PACK_DIGEST_MISMATCH"],
    ["the range of a longer file", part(() => ({ more: 1, saysMore: 1 })), "FETCH_FAILED"],
  ];
  it.each(parts)("serves %s", async (_name, behaviour, code) => {
    scene.server.behaviours = [[/full\.rmp$/, once((request) => request > 0, behaviour)]];
    const one = await endpoint();
    const refusal = one.updater.update();
    // What comes from elsewhere than it should is told by what it decodes to, long before the digest of the whole.
    if (code.startsWith("by")) await expect(refusal).rejects.toEqual(wrong);
    else await expect(refusal).rejects.toEqual(refused(code));
    scene.server.behaviours = [];
    expect(await one.updater.update()).toMatchObject({ outcome: "updated" });
  });
});

/** A part of the pack, moved, longer or shorter than it says. */
function part(
  change: (start: number) => { start?: number; says?: number; more?: number; saysMore?: number },
): Behaviour {
  return (request, response, bytes = new Uint8Array()) => {
    const asked = askedOf(request, bytes);
    const { start = asked.start, says = asked.start, more = 0, saysMore = 0 } = change(asked.start);
    const range = `bytes ${says}-${asked.end - 1 + saysMore}/${bytes.length}`;
    const body = Buffer.concat([
      bytes.subarray(start, start + asked.end - asked.start),
      Buffer.alloc(Math.max(0, more)),
    ]);
    response.writeHead(206, { "content-range": range });
    response.end(more < 0 ? body.subarray(0, more) : body);
  };
}

describe("SPEC §8.3.10: a lie is noticed while the pack comes", () => {
  const flip = (at: number) => (bytes: Uint8Array) => {
    const copy = bytes.slice();
    copy[at] = (copy[at] as number) ^ 1;
    return copy;
  };
  const lies: [name: string, change: (bytes: Uint8Array) => Uint8Array][] = [
    ["a byte of the header", flip(20)],
    ["a byte of the first frame", flip(5000)],
    ["a byte of a frame within the first mebibyte", flip(700_000)],
    ["a byte of the seek table", (bytes) => flip(bytes.length - 100)(bytes)],
    ["two frames of other lengths in the seek table", (bytes) => shifted(bytes)],
    ["a byte of the database's tables", (bytes) => flip(bytes.length - 4000)(bytes)],
    ["an end that is cut off", (bytes) => Buffer.concat([bytes.subarray(0, -9), new Uint8Array(9)])],
  ];
  it.each(lies)("%s", async (_name, change) => {
    const line = { latencyMs: 5, bytesPerSecond: 2 * mebibyte };
    const traffic = served({ ...line, change });
    const one = await endpoint({ connectionsMax: 1 });
    await expect(one.updater.update()).rejects.toEqual(wrong);
    expect(traffic.sent).toBeLessThan(0.75 * pack.length);
    expect(await readdir(join(one.folder, "work"))).toEqual([]);
    // A mirror that has it is asked next.
    const honest = served(line, second);
    await one.updater.configure((now) => ({ ...now, mirrors: [second.url] }));
    expect(await one.updater.update()).toMatchObject({ outcome: "updated" });
    expect(honest.sent).toBe(pack.length);
    expect(await one.databaseSha256()).toBe(sha256());
  });

  /** The seek table says of the first frame a byte more, and of the second one less. */
  function shifted(bytes: Uint8Array): Uint8Array {
    const copy = bytes.slice();
    const view = new DataView(copy.buffer);
    const frames = view.getUint32(copy.length - 9, true);
    const table = copy.length - 9 - 8 * frames;
    view.setUint32(table, view.getUint32(table, true) + 1, true);
    view.setUint32(table + 8, view.getUint32(table + 8, true) - 1, true);
    return copy;
  }

  it("what one mirror brought of a lie does not spoil what the next one brings", async () => {
    let requests = 0;
    const traffic = new Traffic();
    const lying = traffic.serve({ change: flip(2 * mebibyte + 9) });
    // The first one breaks off with the lie in its part.
    scene.server.behaviours = [[/full\.rmp$/, (...args) => (requests++ < 4 ? lying : broken)(...args)]];
    const one = await endpoint({ mirrors: [second.url] });
    expect(await one.updater.update()).toMatchObject({ outcome: "updated" });
    expect(await one.databaseSha256()).toBe(sha256());
  });

  it("SPEC §8.3.3: a pack that unpacks as it should and is not the one that was signed is refused", async () => {
    served({ change: flip(3 * mebibyte) });
    await expect(direct()).rejects.toEqual(refused("PACK_DIGEST_MISMATCH"));
  });
});

/** The pack, read from end to end, without what an update does around it. */
async function direct(options: HTTPFetcherOptions = {}): Promise<Downloaded> {
  const store = await openFilesystemEndpointStore(join(scene.folder, freshName()));
  const fetcher = openHTTPFetcher(options);
  const input = {
    scratch: store.scratch,
    tree: new PublicTreeReader(fetcher, scene.server.url),
    digest: nodeDigest,
    budget: new Budget(undefined, undefined, new Date(0)),
    connections: 4,
    emit: () => undefined,
  };
  const digest = createHash("sha256").update(pack).digest("hex");
  const facts = { path: "endpoint/1.full.rmp", sha256: digest, bytes: pack.length, kind: "full" };
  try {
    return await downloadPack(input, facts as PackFacts, async (source) => {
      await source.read(0, source.length);
      return "database-0";
    });
  } finally {
    await fetcher.close();
  }
}

it("SPEC §8.3.6: all connections together bring no more bytes a second than their owner allows", async () => {
  const traffic = served();
  const started = performance.now();
  const { bytes } = await direct({ bytesPerSecondMax: 4 * mebibyte });
  const seconds = (performance.now() - started) / 1000;
  expect(traffic.ranges.length).toBeGreaterThan(4);
  expect(bytes / seconds).toBeLessThanOrEqual(4 * mebibyte);
});

describe("SPEC §8.3.3: what arrived is not asked for again", () => {
  it("after connections that break wherever they are", async () => {
    let requests = 0;
    const traffic = new Traffic();
    const good = traffic.serve();
    const breaking: Behaviour = (request, response, bytes) => {
      if (requests++ % 3 === 2) setTimeout(() => response.destroy(), 3);
      good(request, response, bytes);
    };
    scene.server.behaviours = [[/full\.rmp$/, breaking]];
    const one = await endpoint();
    let bytes = 0;
    for (let i = 0; i < 10; i++) {
      const before = await bytesIn(one);
      const result = await one.updater.update().catch(() => undefined);
      if (result === undefined) continue;
      expect(result.bytes).toBe(pack.length - before);
      bytes = before + result.bytes;
      break;
    }
    expect(bytes).toBe(pack.length);
  });

  it("after a machine that stopped at any point", async () => {
    served();
    const life: Mortality = { operations: 0, diesAt: Number.POSITIVE_INFINITY };
    const kept: (() => Promise<void>)[] = [];
    await (await mortal(life, kept)).updater.update();
    for (const unlock of kept) await unlock();
    const points = life.operations;
    const step = Math.ceil(points / 10);
    for (let diesAt = 3; diesAt < points; diesAt += step) {
      const locks: (() => Promise<void>)[] = [];
      const dying = await mortal({ operations: 0, diesAt }, locks);
      await expect(dying.updater.update()).rejects.toBeInstanceOf(Dead);
      for (const unlock of locks) await unlock();
      const after = await scene.endpointOn(basename(dying.folder));
      const here = await bytesIn(after);
      const result = await after.updater.update();
      expect(result.release).toBe(1);
      if (result.path !== null) expect(result.bytes).toBe(pack.length - here);
      expect(await after.databaseSha256()).toBe(sha256());
      expect(await readdir(join(after.folder, "work"))).toEqual([]);
    }
    console.log(`segments: ${points} operations of the store, stopped at every ${step}th`);
    expect(points).toBeGreaterThan(50);
  });

  async function mortal(life: Mortality, locks: (() => Promise<void>)[]): Promise<TestEndpoint> {
    const name = freshName();
    const set = await scene.endpointOn(name);
    await set.updater.init({ url: scene.server.url, root: scene.publisher.root });
    return scene.endpointOn(name, (store) => dyingStore(store, life, locks));
  }

  it("SPEC §8.3.7: a day's bytes end all connections, and the next day goes on", async () => {
    served({ latencyMs: 5, bytesPerSecond: 4 * mebibyte });
    const one = await endpoint({ bytesPerDayMax: 2 * mebibyte });
    await expect(one.updater.update()).rejects.toEqual(refused("BUDGET_SPENT"));
    const here = await bytesIn(one);
    expect(here).toBeGreaterThan(1.5 * mebibyte);
    expect(here).toBeLessThan(3 * mebibyte);
    await one.updater.configure((now) => ({ ...now, bytesPerDayMax: 1e9 }));
    expect(await one.updater.update()).toMatchObject({ bytes: pack.length - here });
  });

  it("SPEC §8.8.5: who is told to stop stops, and goes on later", async () => {
    served({ latencyMs: 5, bytesPerSecond: 2 * mebibyte });
    const one = await endpoint();
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("stop")), 600);
    await expect(one.updater.update({ signal: stop.signal })).rejects.toThrowError("stop");
    const here = await bytesIn(one);
    expect(await one.updater.update()).toMatchObject({ bytes: pack.length - here });
  });
});
