/** What a person is told who meets an error that is mostly not the publisher's: a wrong address, a log-in page, a wrong clock. */
import { mkdtempSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RulemintError } from "../../src/core/errors.js";
import { failureOf } from "../../src/cli/print.js";
import { endpointFolder } from "../../src/main/compose-endpoint-folder.js";
import { instead } from "../simulator/server.js";
import { type Scene, indicators, openScene } from "./endpoint.js";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
  await scene.publisher.release(indicators(1));
});
afterEach(() => scene.close());

async function failure(): Promise<{ code: string; message: string; hint?: string }> {
  const error = await scene.endpoint.updater.update().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RulemintError);
  return failureOf(error);
}

const text = (body: string) => instead(() => new TextEncoder().encode(body));

describe("an answer that is no metadata says where it came from, and who else may have answered", () => {
  it.each([
    ["a log-in page", "JSON_MALFORMED", "<html><body>Please log in</body></html>"],
    ["another service's JSON", "METADATA_MALFORMED", '{"error":"no such page"}'],
    ["other bytes", "TEXT_NOT_UTF8", "\ud800"],
  ])("%s: %s", async (_, code, body) => {
    const bytes = code === "TEXT_NOT_UTF8" ? instead(() => new Uint8Array([0xff, 0xfe])) : text(body);
    scene.server.behaviours = [[/timestamp/, bytes]];
    expect(await failure()).toMatchObject({
      code,
      message: expect.stringContaining(`from "${scene.server.url}/metadata/timestamp.json"`) as string,
      hint: expect.stringContaining("log-in page") as string,
    });
  });

  it("what a publisher's signed file lacks is told as it is", async () => {
    scene.server.behaviours = [[/timestamp/, text('{"signatures":[],"signed":{}}')]];
    expect(await failure()).not.toMatchObject({ hint: expect.stringContaining("log-in page") as string });
  });

  it("a redirect to somewhere else", async () => {
    const portal = "http://portal.example/login";
    scene.server.behaviours = [
      [/timestamp/, (_request, response) => void response.writeHead(302, { location: portal }).end()],
    ];
    const told = { code: "FETCH_FAILED", hint: expect.stringContaining("log in and try again") as string };
    expect(await failure()).toMatchObject(told);
  });
});

it("a stamp from the future: the clock is named first", async () => {
  scene.wait(-1);
  expect(await failure()).toMatchObject({
    ...{ code: "TIMESTAMP_INVALID", hint: expect.stringContaining("check this machine's clock") as string },
  });
});

describe("a state folder that somebody misspelt", () => {
  it("is neither made nor taken for an endpoint", () => {
    const around = mkdtempSync(join(tmpdir(), "rulemint-"));
    const folder = join(around, "endpiont");
    const said = (code: string) => expect.objectContaining({ code });
    expect(() => endpointFolder(folder)).toThrowError(said("NOT_FOUND"));
    expect(existsSync(folder)).toBe(false);
    expect(() => endpointFolder(around)).toThrowError(said("USAGE"));
    expect(endpointFolder(scene.endpoint.folder)).toBe(scene.endpoint.folder);
  });
});
