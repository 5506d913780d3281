/** A real responder: `openssl ocsp` as a server, on a port that it finds itself, with an index that tests write. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parsePEM } from "../../src/core/encoding/pem.js";
import { formatOCSPRequest } from "../../src/issuing/ocsp-requests.js";

export const haveOpenSSL = spawnSync("openssl", ["version"]).status === 0;

export interface ResponderOptions {
  /** For its files. */
  readonly folder: string;
  /** PEM: the CA that it answers for, and who signs the answers. */
  readonly ca: string;
  readonly signer: { readonly certificate: string; readonly key: string };
  /** Minutes until nextUpdate; none is said when absent. */
  readonly minutes?: number;
  readonly more?: readonly string[];
}

export interface RevokedEntry {
  readonly revokedAt: Date;
  /** As openssl writes it: `keyCompromise`. */
  readonly reason?: string;
}

export class OpenSSLResponder {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #index: string;
  readonly #ca: Uint8Array;
  readonly #lines = new Map<string, string>();

  private constructor(url: string, process: ChildProcess, index: string, ca: Uint8Array) {
    this.url = url;
    this.#process = process;
    this.#index = index;
    this.#ca = ca;
  }

  static async start(options: ResponderOptions): Promise<OpenSSLResponder> {
    const file = (name: string, content: string): string => {
      writeFileSync(join(options.folder, name), content);
      return join(options.folder, name);
    };
    const index = file("index.txt", "");
    const args = [
      ...["ocsp", "-index", index, "-port", "0", "-CA", file("ca.pem", options.ca)],
      ...["-rsigner", file("signer.pem", options.signer.certificate)],
      ...["-rkey", file("signer.key.pem", options.signer.key), "-rmd", "sha256"],
      ...(options.minutes === undefined ? [] : ["-nmin", String(options.minutes)]),
      ...(options.more ?? []),
    ];
    const process = spawn("openssl", args, { stdio: ["ignore", "pipe", "ignore"] });
    let said = "";
    for await (const chunk of process.stdout) {
      said += String(chunk);
      const port = /ACCEPT \S*:(\d+) /.exec(said)?.[1];
      if (port === undefined) continue;
      const [ca] = parsePEM(options.ca, "CERTIFICATE");
      return new OpenSSLResponder(`http://127.0.0.1:${port}`, process, index, ca as Uint8Array);
    }
    throw new Error(`expected openssl ocsp to listen, got ${said}`);
  }

  /** Hexadecimal serial numbers. */
  async say(serial: string, status: "good" | RevokedEntry): Promise<void> {
    const digits = serial.replace(/^(00)+/, "").toUpperCase();
    const expiry = "491231235959Z";
    const revoked =
      status === "good" ? "" : [utc(status.revokedAt), ...(status.reason ? [status.reason] : [])].join(",");
    const kind = status === "good" ? "V" : "R";
    // Answers carry whole seconds, and of two of one second nobody can say which is the newer: what was said before must be older.
    const said = this.#lines.has(digits) ? wholeSecond() : 0;
    while (wholeSecond() === said) await setTimeout(20);
    this.#lines.set(digits, [kind, expiry, revoked, digits, "unknown", "/CN=somebody"].join("\t"));
    // Another file, because openssl tells changes apart by whole seconds; and it looks for them after it has answered somebody.
    writeFileSync(`${this.#index}.new`, `${[...this.#lines.values()].join("\n")}\n`);
    renameSync(`${this.#index}.new`, this.#index);
    const headers = { "content-type": "application/ocsp-request" };
    const body = await formatOCSPRequest(this.#ca, this.#ca);
    await (await fetch(this.url, { method: "POST", headers, body })).arrayBuffer();
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill();
    await once(this.#process, "exit");
  }
}

const wholeSecond = (): number => Math.floor(Date.now() / 1000);

/** YYMMDDHHMMSSZ */
const utc = (date: Date): string => `${date.toISOString().slice(2, 19).replace(/\D/g, "")}Z`;
