// Runs the command line as a person would, and talks about it.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const bold = (text) => (process.stdout.isTTY && !process.env.NO_COLOR ? `\u001b[1m${text}\u001b[22m` : text);
const dim = (text) => (process.stdout.isTTY && !process.env.NO_COLOR ? `\u001b[2m${text}\u001b[22m` : text);

let step = 0;
export function heading(text) {
  step += 1;
  console.log(`\n${bold(`${step}. ${text}`)}`);
}
export const say = (text) => console.log(`   ${text}`);

/** Runs one command line; gives its JSON. `refused: true` expects exit 1 and gives the problem. */
export function rulemint(cli, args, { env = {}, refused = false, quiet = false } = {}) {
  if (!quiet) console.log(dim(`   $ rulemint ${args.map(quoted).join(" ")}`));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args, "--json"], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => (out += chunk));
    child.stderr.on("data", (chunk) => (err += chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      const expected = refused ? 1 : 0;
      if (code !== expected)
        return reject(new Error(`rulemint ${args.join(" ")}: exit ${code}\n${out}${err}`));
      try {
        resolve(out.trim() === "" ? {} : JSON.parse(out));
      } catch (cause) {
        reject(new Error(`rulemint ${args.join(" ")} printed no JSON: ${out}`, { cause }));
      }
    });
  });
}

/** Any other program; gives what it printed. */
export function program(command, args, { env = {}, cwd, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      cwd,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    child.stdout.on("data", (chunk) => (text += chunk));
    let complaints = "";
    child.stderr.on("data", (chunk) => (complaints += chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0
        ? resolve(quiet ? text : complaints + text)
        : reject(new Error(`${command}: exit ${code}\n${text}${complaints}`)),
    );
  });
}

/** Starts a server (`serve`, `witness serve`) on a free port and gives its address once it says that it listens. */
export async function startServer(cli, words, env) {
  const child = spawn(process.execPath, [cli, ...words, "--listen", "127.0.0.1:0"], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = [];
  const address = await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        said.push(line);
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line);
        if (found) resolve(found[0]);
      });
    }
    child.on("close", (code) =>
      reject(new Error(`${words.join(" ")} ended with ${code}:\n${said.join("\n")}`)),
    );
  });
  const stop = () =>
    new Promise((resolve) => {
      if (child.exitCode !== null) return resolve();
      child.on("close", resolve);
      child.kill("SIGTERM");
    });
  return { address, stop, child };
}

export function bytes(count) {
  if (count < 10_000) return `${count.toLocaleString("en")} bytes`;
  if (count < 10_000_000) return `${(count / 1000).toFixed(1)} kB`;
  return `${(count / 1_000_000).toFixed(1)} MB`;
}

export async function timed(work) {
  const start = process.hrtime.bigint();
  const result = await work();
  return [result, Number(process.hrtime.bigint() - start) / 1e9];
}

const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
