/**
 * A real PostgreSQL in a temporary folder, reached over a socket in it: Debian's, which `scripts/setup` installs. It
 * refuses to run as root, so for root it runs as the user that came with the package.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import pg from "pg";
import { temporaryFolder } from "./temporary.js";

export interface TestPostgres {
  /** A new, empty database. */
  database(): Promise<string>;
  /** Runs one statement in the database of this address. */
  run(url: string, statement: string): Promise<unknown[]>;
  /** As `systemctl restart` (fast) or a machine that dies (SIGKILL): returns when connections are taken again. */
  restart(how: "SIGINT" | "SIGKILL"): Promise<void>;
  stop(): Promise<void>;
}

const port = 5432;

export async function startPostgres(settings: readonly string[] = []): Promise<TestPostgres> {
  const folder = await temporaryFolder();
  const user = serverUser();
  const data = join(folder.path, "data");
  mkdirSync(data);
  for (const path of [folder.path, data]) if (user !== undefined) chownSync(path, user.uid, user.gid);
  chmodSync(folder.path, 0o755);
  const options = { ...user, cwd: folder.path, stdio: "pipe" as const };
  const create = ["-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"];
  execFileSync(program("initdb"), create, options);
  const begin = () => {
    const listen = ["-c", "listen_addresses=", "-c", `unix_socket_directories=${folder.path}`];
    const more = settings.flatMap((setting) => ["-c", setting]);
    return spawn(program("postgres"), ["-D", data, "-p", String(port), ...listen, ...more], {
      ...options,
      stdio: "ignore",
    });
  };
  let server = begin();
  let count = 0;
  const address = (name: string) => `postgresql://postgres@/${name}?host=${encodeURIComponent(folder.path)}`;
  await answers(address("postgres"), server);
  return {
    database: async () => {
      const name = `test${++count}`;
      await run(address("postgres"), `create database ${name}`);
      return address(name);
    },
    run,
    restart: async (how) => {
      await ended(server, how);
      server = begin();
      await answers(address("postgres"), server);
    },
    stop: async () => {
      await ended(server, "SIGINT");
      await folder.remove();
    },
  };
}

function program(name: string): string {
  const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql") : [];
  const newest = versions.map(Number).sort((a, b) => b - a)[0];
  if (newest === undefined) throw new Error("PostgreSQL is not installed: run scripts/setup");
  return `/usr/lib/postgresql/${newest}/bin/${name}`;
}

/** Undefined when we may run it ourselves. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: idOf("-u"), gid: idOf("-g") };
}

async function run(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  // A server that stops says so on this connection too.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

async function answers(url: string, server: ChildProcess): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}`);
    try {
      await run(url, "select 1");
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function ended(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = once(server, "exit");
  server.kill(signal);
  await exit;
}
