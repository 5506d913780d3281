/** A copy behind the web servers of docs/OPERATIONS.md: made by the command line, served by each as it is written there, used by an endpoint. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { feed, indicators, PublisherProcess, rulemint, until } from "../faults/publisher-process.js";
import { projectRoot } from "../architecture/source-tree.js";
import { temporaryFolder } from "../support/temporary.js";

const operations = readFileSync(join(projectRoot, "docs/OPERATIONS.md"), "utf8");

/** A web server of the page: its settings as they are written there, and what a machine has around them. */
interface WebServer {
  readonly name: string;
  readonly program: string;
  /** Its whole configuration, with `settings` for the site on `port`; what it writes is below `folder`. */
  readonly around: (settings: string, port: number, folder: string) => string;
  readonly options: (configuration: string) => readonly string[];
}

const nginx: WebServer = {
  name: "nginx",
  program: "/usr/sbin/nginx",
  around: (settings, port, folder) => {
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (one) => `${one}_temp_path ${join(folder, one)};`,
    );
    return `user root; daemon off; pid ${join(folder, "pid")}; error_log ${join(folder, "error.log")};
events {}
http { access_log off; ${paths.join(" ")}
${settings.replace("listen 80", `listen 127.0.0.1:${port}`)} }
`;
  },
  options: (configuration) => ["-c", configuration],
};

/** The modules that Debian's package loads by itself, as far as they matter here, and `headers`, which the page asks for. */
const apacheModules = ["mpm_event", "authz_core", "authz_host", "alias", "dir", "autoindex", "headers"];

const apache: WebServer = {
  name: "apache",
  program: "/usr/sbin/apache2",
  around: (settings, port, folder) => `${apacheModules
    .map((one) => `LoadModule ${one}_module /usr/lib/apache2/modules/mod_${one}.so`)
    .join("\n")}
Listen 127.0.0.1:${port}
ServerName localhost
User nobody
Group nogroup
DefaultRuntimeDir ${folder}
PidFile ${join(folder, "pid")}
ErrorLog ${join(folder, "error.log")}
${settings.replace("*:80", `127.0.0.1:${port}`)}
`,
  options: (configuration) => ["-D", "FOREGROUND", "-f", configuration],
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

const servers = [nginx, apache];

describe("a mirror behind a web server", () => {
  let folder: { readonly path: string; remove(): Promise<void> };
  let publisher: PublisherProcess;
  const running: ChildProcess[] = [];
  const urls = new Map<string, string>();
  const at = (name: string) => join(folder.path, name);
  const sync = (url = publisher.origin) =>
    rulemint([
      ...["mirror", "sync", "--url", url, "--root", join(publisher.data, "root.json")],
      ...["--to", at("copy"), "--json"],
    ]);

  /** Resolves when it serves the copy. */
  async function start({ name, program, around, options }: WebServer): Promise<void> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const settings = new RegExp(`\`\`\`${name}\n([^]*?)\`\`\``).exec(operations)?.[1] ?? "";
    const own = around(settings.replaceAll("/srv/rulemint", at("copy")), port, at(name));
    mkdirSync(at(name));
    writeFileSync(at(`${name}.conf`), own);
    const server = spawn(program, options(at(`${name}.conf`)), { stdio: "ignore" });
    await once(server, "spawn");
    running.push(server);
    const answers = () => fetch(url).then(Boolean, () => false);
    await until(`${name} to answer`, answers, (answered) => answered || server.exitCode !== null);
    expect(server.exitCode).toBeNull();
    urls.set(name, url);
  }

  beforeAll(async () => {
    folder = await temporaryFolder();
    // A server that root starts serves as somebody else.
    chmodSync(folder.path, 0o755);
    publisher = new PublisherProcess(folder.path);
    await publisher.init();
    await publisher.start();
    await publisher.addRules("hosts", { "a.txt": indicators(1, 40) });
    await publisher.release(1);
    expect(JSON.parse((await sync()).stdout)).toMatchObject({ ok: true, releases: { [feed]: 1 } });
    for (const server of servers) await start(server);
  });
  afterAll(async () => {
    await publisher.stop();
    for (const server of running) {
      const ended = once(server, "close");
      server.kill("SIGTERM");
      await ended;
    }
    await folder.remove();
  });

  it.each(servers)("$name is enough for an endpoint, and knows what is replaced", async ({ name }) => {
    const url = urls.get(name) ?? "";
    const state = ["--state", at(`endpoint-${name}`)];
    const root = ["--root", join(publisher.data, "root.json")];
    expect((await rulemint(["client", "init", ...state, "--url", url, ...root])).exit).toBe(0);
    expect((await rulemint(["client", "update", ...state])).stdout).toContain("Release 1 applied");
    const kept = async (path: string) => (await fetch(`${url}/${path}`)).headers.get("cache-control");
    expect(await kept("metadata/timestamp.json")).toBe("no-cache");
    expect(await kept("log/checkpoint")).toBe("no-cache");
    expect(await kept("metadata/1.root.json")).toBe("public, max-age=31536000, immutable");
  });

  it.each(servers)("$name shows no hidden file and no list, and nobody keeps its 404", async ({ name }) => {
    for (const path of [".head.lock", ".git/config", "metadata/.tmp-1", "metadata/99.root.json"]) {
      const { status, headers } = await fetch(`${urls.get(name)}/${path}`);
      expect({ path, status, kept: headers.get("cache-control") }).toEqual({ path, status: 404, kept: null });
    }
    expect((await fetch(`${urls.get(name)}/metadata/`)).status).toBe(403);
  });

  it.each(servers)("$name gives a part of a file, and nothing that one has", async ({ name }) => {
    const path = `${urls.get(name)}/metadata/1.root.json`;
    const whole = await fetch(path);
    const etag = whole.headers.get("etag") ?? "";
    const part = await fetch(path, { headers: { range: "bytes=10-19", "if-range": etag } });
    expect({ status: part.status, text: await part.text() }).toEqual({
      status: 206,
      text: (await whole.text()).slice(10, 20),
    });
    expect((await fetch(path, { headers: { "if-none-match": etag } })).status).toBe(304);
  });

  it("goes on to the next release by a delta", async () => {
    await publisher.addRules("hosts", { "a.txt": indicators(2, 40) });
    await publisher.release(2);
    const { exit, stdout, stderr } = await sync();
    expect({ exit, stderr }).toMatchObject({ exit: 0 });
    expect(JSON.parse(stdout)).toMatchObject({ releases: { [feed]: 2 } });
    for (const { name } of servers) {
      const words = ["client", "update", "--state", at(`endpoint-${name}`), "--json"];
      expect(JSON.parse((await rulemint(words)).stdout)).toMatchObject({ release: 2 });
    }
  });

  it("says what it cannot reach, and keeps what it has", async () => {
    const before = readFileSync(at("copy/metadata/timestamp.json"));
    const { exit, stdout } = await sync("http://127.0.0.1:1");
    expect({ exit, code: JSON.parse(stdout).error.code }).toEqual({ exit: 1, code: "FETCH_FAILED" });
    expect(readFileSync(at("copy/metadata/timestamp.json"))).toEqual(before);
  });

  it("is carried on by rsync as it is written there", () => {
    const lines = operations.match(/rsync .*/g) ?? [];
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      const words = line
        .replaceAll("'", "")
        .replaceAll("HOST:DIR/", `${at("carried")}/`)
        .replace("DIR/ ", `${at("copy")}/ `);
      execFileSync("rsync", words.split(" ").slice(1));
    }
    // Ends with 1 where they differ.
    execFileSync("diff", ["-r", "--exclude=.*", at("copy"), at("carried")]);
  });
});
