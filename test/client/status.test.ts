/** What the status tells of the proof and of the way by which the database came, on a real endpoint. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { describeStatus } from "../../src/cli/describe-status.js";
import { packPath } from "../../src/core/release/tree-paths.js";
import { type Scene, indicators, openScene } from "./endpoint.js";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const update = () => scene.endpoint.updater.update();
const status = () => scene.endpoint.updater.status();

it("names who vouches for the newest release, and the packs and the server that it came by", async () => {
  await scene.publisher.release(indicators(1));
  expect(await status()).toMatchObject({ proof: null, arrival: null });
  const { proof: proven, path } = await update();
  const { proof, arrival } = await status();
  expect(proof).toMatchObject({
    ...{ release: 1, manifestSha256: proven.manifestSha256, rootVersion: 1, log: null },
    ...{ signer: proven.signature.signer.subject, stampedBy: proven.signature.timestamp.authority.subject },
  });
  expect(proof?.signedBy.map(({ keyid }) => keyid)).toEqual(proven.signedBy);
  expect(arrival).toMatchObject({
    ...{ release: 1, packs: [{ kind: "full", to: 1 }], bytes: path?.bytes },
    from: [scene.server.url],
  });
  await scene.publisher.release(indicators(2));
  await update();
  expect((await status()).arrival).toMatchObject({ release: 2, packs: [{ kind: "delta", from: 1, to: 2 }] });
  await scene.endpoint.updater.rollback();
  // Release 1 did not come by the packs of release 2.
  expect(await status()).toMatchObject({ installed: { release: 1 }, arrival: null });
});

it("does not count what a refused pack cost for bytes of the path", async () => {
  await scene.publisher.release(indicators(1));
  await update();
  const { packs } = await scene.publisher.release(indicators(2));
  const delta = packs.find(({ from }) => from === 1);
  const full = packs.find(({ kind }) => kind === "full");
  if (delta === undefined || full === undefined) throw new Error("expected a delta and a full pack");
  scene.publisher.tree.set(packPath(delta), new Uint8Array(delta.bytes));
  const { bytes, bytesOfPath, path } = await update();
  expect(path?.packs).toEqual([full]);
  expect(bytesOfPath).toBe(full.bytes);
  expect(bytes).toBeGreaterThanOrEqual(full.bytes);
  expect((await status()).arrival).toMatchObject({ bytes: full.bytes, packs: [{ kind: "full" }] });
});

it("counts the rules in the engines' files by kind, without those that are switched off", async () => {
  const rule = (sid: number) => `alert tcp any any -> any any (msg:"one"; sid:${sid}; rev:1;)\n`;
  const sources = {
    "feed/a.yar": "rule base { condition: true }\nrule user { condition: base }\n",
    "feed/b.rules": `${rule(1)}${rule(2)}# ${rule(3)}`,
  };
  await scene.publisher.release(indicators(1), { sources });
  expect(await status()).toMatchObject({ exportedRules: null });
  await update();
  expect(await status()).toMatchObject({ exportedRules: { ioc: 400, suricata: 2, yara: 2 } });
  await scene.endpoint.updater.rules.disable(["1:1", indicators(1)[0] as string]);
  await scene.endpoint.updater.rules.add([
    { name: "mine.txt", bytes: new TextEncoder().encode("a.example\nb.example\n") },
  ]);
  expect(await status()).toMatchObject({ exportedRules: { ioc: 401, suricata: 1, yara: 2 } });
});

it("says that a database is there whose release is forgotten, until the next update", async () => {
  await scene.publisher.release(indicators(1));
  expect(await status()).toMatchObject({ installed: null, isForgotten: false });
  await update();
  await writeFile(join(scene.endpoint.folder, "state.json"), '{"schema":');
  const forgotten = await status();
  expect(forgotten).toMatchObject({ installed: null, isForgotten: true });
  expect(describeStatus(forgotten)).toMatch(/^A database of endpoint is here, but state\.json/);
  expect(describeStatus(forgotten)).toMatch(/^engines +which release their files are of is forgotten too$/m);
  expect(await update()).toMatchObject({ outcome: "current", bytes: 0 });
  expect(await status()).toMatchObject({ installed: { release: 1 }, isForgotten: false });
});

it.each([
  ["damaged", (path: string) => writeFile(path, "not a database")],
  ["lost", (path: string) => rm(path)],
])(
  "says that the database is %s, and why a full pack is fetched, until the next update",
  async (what, harm) => {
    await scene.publisher.release(indicators(1));
    await update();
    expect(await status()).toMatchObject({ installed: { release: 1 }, damage: null });
    await harm(join(scene.endpoint.folder, "database"));
    const harmed = await status();
    expect(harmed).toMatchObject({ installed: { release: 1 }, damage: what });
    expect(describeStatus(harmed)).toMatch(
      new RegExp(`^The database of release 1 of endpoint is ${what}; the next update mends that\\.`),
    );
    const { outcome, path } = await update();
    expect([outcome, path?.reason]).toEqual([
      "repaired",
      expect.stringMatching(new RegExp(`^1 full pack of .* bytes, because the database here is ${what}$`)),
    ]);
    expect(await status()).toMatchObject({ damage: null });
  },
);

it("says that the clock was set back behind what was signed, and no ages by it", async () => {
  await scene.publisher.release(indicators(1));
  await update();
  expect(await status()).toMatchObject({ clockBehind: null, staleSeconds: 0 });
  scene.wait(-2);
  const behind = await status();
  expect(behind).toMatchObject({
    ...{ clockBehind: { now: "2026-11-20T12:00:00Z", seconds: 2 * 86_400 } },
    ...{ releaseAgeSeconds: null, staleSeconds: null },
  });
  const text = describeStatus(behind);
  expect(text).toMatch(/^Release 1 of endpoint is in use\.$/m);
  expect(text).toMatch(/^CLOCK +this machine says 2026-11-20 12:00 UTC, 2 days before what was signed /m);
  // Clocks differ by a little.
  scene.wait(2 - 1 / 1440);
  expect(await status()).toMatchObject({ clockBehind: null, staleSeconds: 0 });
});

it("a damaged database is not said to have a digest when it is exported", async () => {
  await scene.publisher.release(indicators(1));
  await update();
  await writeFile(join(scene.endpoint.folder, "database"), "not a database");
  await expect(scene.endpoint.updater.export(join(scene.folder, "out"))).rejects.toThrowError(
    /, got one that cannot be read: the next update repairs it$/,
  );
});

it("what was chosen outlives a policy.json that is given again", async () => {
  const { publisher, server, endpoint } = scene;
  await endpoint.updater.chooseRings(() => ({ turn: "late", delayHours: 2 }));
  await endpoint.updater.configure((now) => ({ ...now, bytesPerSecondMax: 12_345 }));
  await endpoint.updater.chooseExports((now) => ({ ...now, kinds: ["ioc"] }));
  await endpoint.updater.chooseHealth(() => ({ kind: "yara", check: "true" }));
  await writeFile(join(endpoint.folder, "policy.json"), "{");
  await endpoint.updater.init({ url: server.url, root: publisher.root });
  expect(await status()).toMatchObject({
    ...{ rings: { turn: "late", delayHours: 2 }, network: { bytesPerSecondMax: 12_345 } },
    exports: { kinds: ["ioc"] },
  });
  const config = JSON.parse((await endpoint.read("config.json")).toString());
  expect(config.health).toMatchObject({ check: "true" });
});

it.each(["config.json", "policy.json"])(
  "a damaged %s is given again, and the database stays",
  async (name) => {
    const { publisher, server, endpoint } = scene;
    await publisher.release(indicators(1));
    await update();
    const again = () => endpoint.updater.init({ url: server.url, root: publisher.root });
    await expect(again()).rejects.toMatchObject({ code: "USAGE" });
    await writeFile(join(endpoint.folder, name), "{");
    await expect(update()).rejects.toMatchObject({ code: "STATE_CORRUPT" });
    await again();
    expect(await update()).toMatchObject({ outcome: "current", release: 1, bytes: 0 });
  },
);
