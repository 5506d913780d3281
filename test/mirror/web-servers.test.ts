/** A copy behind the web servers of docs/OPERATIONS.md: made by the command line, served by nginx as it is written there, used by an endpoint. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { feed, indicators, PublisherProcess, rulemint, until } from "../faults/publisher-process.js";
import { projectRoot } from "../architecture/source-tree.js";
import { temporaryFolder } from "../support/temporary.js";

const nginx = spawnSync("nginx", ["-v"]).status === 0;
if (!nginx) console.warn("nginx is not installed: its settings in docs/OPERATIONS.md were not tried");

const operations = readFileSync(join(projectRoot, "docs/OPERATIONS.md"), "utf8");
const settings = /```nginx\n([\s\S]*?)```/.exec(operations)?.[1] ?? "";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

describe.runIf(nginx)("a mirror behind nginx", () => {
  let folder: { readonly path: string; remove(): Promise<void> };
  let publisher: PublisherProcess;
  let server: ChildProcess;
  let url: string;
  const at = (name: string) => join(folder.path, name);
  const sync = () =>
    rulemint([
      "mirror",
      "sync",
      "--url",
      publisher.origin,
      "--root",
      join(publisher.data, "root.json"),
      "--to",
      at("copy"),
      "--json",
    ]);
  const head = async (path: string) => (await fetch(`${url}/${path}`)).headers.get("cache-control");

  beforeAll(async () => {
    folder = await temporaryFolder();
    publisher = new PublisherProcess(folder.path);
    await publisher.init();
    await publisher.start();
    await publisher.addRules("hosts", { "a.txt": indicators(1, 40) });
    await publisher.release(1);
    expect(JSON.parse((await sync()).stdout)).toMatchObject({ ok: true, releases: { [feed]: 1 } });
    url = `http://127.0.0.1:${await freePort()}`;
    // All that is not in the settings is where nginx may write, and who it is.
    const own = settings
      .replace("listen 80", `listen ${new URL(url).host}`)
      .replace("/srv/rulemint", at("copy"));
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (one) => `${one}_temp_path ${at(one)};`,
    );
    const main = `daemon off; pid ${at("pid")}; error_log ${at("error.log")};\nevents {}\n`;
    writeFileSync(
      at("nginx.conf"),
      `user root;\n${main}http { access_log off; ${paths.join(" ")}\n${own} }\n`,
    );
    server = spawn("nginx", ["-c", at("nginx.conf")], { stdio: "ignore" });
    await until(
      "nginx to answer",
      async () =>
        fetch(url).then(
          () => true,
          () => false,
        ),
      (answers) => answers,
    );
  });
  afterAll(async () => {
    await publisher.stop();
    const ended = once(server, "close");
    server.kill("SIGTERM");
    await ended;
    await folder.remove();
  });

  it("is enough for an endpoint, and knows what is replaced", async () => {
    const state = ["--state", at("endpoint")];
    const root = ["--root", join(publisher.data, "root.json")];
    expect((await rulemint(["client", "init", ...state, "--url", url, ...root])).exit).toBe(0);
    expect((await rulemint(["client", "update", ...state])).stdout).toContain("Release 1 applied");
    expect(await head("metadata/timestamp.json")).toBe("no-cache");
    expect(await head("log/checkpoint")).toBe("no-cache");
    expect(await head("metadata/1.root.json")).toContain("immutable");
    expect((await fetch(`${url}/.head.lock`)).status).toBe(404);
  });

  it("goes on to the next release by a delta", async () => {
    await publisher.addRules("hosts", { "a.txt": indicators(2, 40) });
    await publisher.release(2);
    const { exit, stdout, stderr } = await sync();
    expect({ exit, stderr }).toMatchObject({ exit: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ releases: { [feed]: 2 } });
    const { stdout: said } = await rulemint(["client", "update", "--state", at("endpoint"), "--json"]);
    expect(JSON.parse(said)).toMatchObject({ release: 2 });
  });

  it("says what it cannot reach, and keeps what it has", async () => {
    const before = readFileSync(at("copy/metadata/timestamp.json"));
    const gone = [
      "mirror",
      "sync",
      "--url",
      "http://127.0.0.1:1",
      "--root",
      join(publisher.data, "root.json"),
      "--to",
      at("copy"),
    ];
    const { exit, stderr } = await rulemint(gone);
    expect({ exit, stderr }).toMatchObject({ exit: 1, stderr: expect.stringContaining("FETCH_FAILED") });
    expect(readFileSync(at("copy/metadata/timestamp.json"))).toEqual(before);
  });

  it("is carried on by rsync as it is written there", () => {
    const lines = operations.match(/rsync .*/g) ?? [];
    expect(lines).toHaveLength(2);
    if (spawnSync("rsync", ["--version"]).status !== 0)
      return console.warn("rsync is not installed: not tried");
    for (const line of lines) {
      const words = line
        .replaceAll("'", "")
        .replaceAll("HOST:DIR/", `${at("carried")}/`)
        .replace("DIR/ ", `${at("copy")}/ `);
      execFileSync("rsync", words.split(" ").slice(1));
    }
    const difference = spawnSync("diff", ["-r", "--exclude=.*", at("copy"), at("carried")], {
      encoding: "utf8",
    });
    expect(difference.stdout).toBe("");
  });
});
