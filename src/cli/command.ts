/** What every command has in common: `--json`, one answer or one failure, and where the service is. */
import { type Command, InvalidArgumentError } from "commander";
import { UsageError } from "../core/errors.js";
import type { Said } from "./api-call.js";
import type { APIClient } from "./api-client.js";
import type { CLIDoors, Progress, Report } from "./doors.js";
import { Printer } from "./print.js";

/** Given to an action beside its own arguments. */
export interface Call {
  readonly doors: CLIDoors;
  readonly progress: Progress;
}

export interface ServiceOptions {
  readonly server?: string;
  readonly token?: string;
  readonly why?: string;
  /** Where there is such an option. */
  readonly dryRun?: boolean;
}

/** Adds one command below its noun. */
export type AddCommand = (noun: Command, doors: CLIDoors) => void;

/** Adds `--json`, runs the action, prints its answer; the exit code is in `process`' hands, see `run.ts`. */
export function answers<Options>(
  command: Command,
  doors: CLIDoors,
  act: (call: Call, options: Options, words: string[]) => Promise<Report>,
): Command {
  return command.option("--json", "print one JSON document").action(async (...given: unknown[]) => {
    // commander passes the arguments, then the options, then the command.
    const asked = given.at(-2) as Options & ServiceOptions & { json?: boolean };
    const words = given.slice(0, -2).flat() as string[];
    const printer = new Printer(doors.terminal, asked.json === true);
    const options = { ...asked, ...(needsService.has(command) && (await fromContext(doors, asked))) };
    // What goes on until it is stopped says one thing after the other; all else says how far it is.
    const progress = (line: string) =>
      daemons.has(command.name()) ? printer.progress(line) : printer.passing(line);
    const report = await act({ doors, progress }, options, words).catch((error: unknown) => {
      printer.leaveLine();
      throw error;
    });
    printer.answer(report);
    if (!report.ok) throw new AnsweredNo();
  });
}

const daemons = new Set(["serve", "watch", "monitor"]);
const needsService = new WeakSet<Command>();

/**
 * What was kept by a login, where neither options nor environment say it. A token goes to the server that it was kept for, and to
 * no other.
 */
async function fromContext(doors: CLIDoors, options: ServiceOptions): Promise<ServiceOptions> {
  const { RULEMINT_SERVER, RULEMINT_TOKEN } = doors.terminal.environment;
  if (options.token ?? RULEMINT_TOKEN) return {};
  const server = options.server ?? RULEMINT_SERVER;
  const found = await doors.context();
  if (found === undefined || (server && server.replace(/\/+$/, "") !== found.server)) return {};
  return found;
}

/** The answer is printed already and says no. */
export class AnsweredNo extends Error {}

export function withService(command: Command): Command {
  needsService.add(command);
  return command
    .option("--server <url>", "address of the service (or RULEMINT_SERVER)")
    .option("--token <token>", "bearer token (or RULEMINT_TOKEN)")
    .option("--why <text>", "reason for the access log; asked of auditors (or RULEMINT_WHY)");
}

/** @throws UsageError USAGE when server or token is nowhere given */
export function requireService(doors: CLIDoors, options: ServiceOptions): { server: string; token: string } {
  const { environment } = doors.terminal;
  const server = options.server ?? environment.RULEMINT_SERVER;
  const token = options.token ?? environment.RULEMINT_TOKEN;
  if (!server)
    throw new UsageError(
      "USAGE",
      "expected the service's address in --server or RULEMINT_SERVER, or a login",
    );
  if (!token) throw new UsageError("USAGE", "expected a token in --token or RULEMINT_TOKEN, or a login");
  return { server, token };
}

export function openService(doors: CLIDoors, options: ServiceOptions): APIClient {
  const { server, token } = requireService(doors, options);
  return doors.api(server, token, saidOf(doors, options));
}

/** What the access log is told. */
export function saidOf(doors: CLIDoors, { why }: ServiceOptions): Said {
  const { RULEMINT_WHY: fallback, RULEMINT_VISIT: visit } = doors.terminal.environment;
  return { reason: why ?? fallback, visit };
}

/** For options that are release numbers. @throws UsageError USAGE */
export function parseNumber(text: string): number {
  if (!/^[1-9][0-9]{0,14}$/.test(text)) {
    throw new UsageError("USAGE", `expected a release number, got ${JSON.stringify(text)}`);
  }
  return Number(text);
}

/** For options that are a number of seconds to wait. @throws InvalidArgumentError */
export function parseSeconds(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError("expected seconds, at most 99999");
  return Number(text);
}

/** For options that are the time between two looks: nobody may look without a pause. @throws InvalidArgumentError */
export function parseInterval(text: string): number {
  const seconds = parseSeconds(text);
  if (seconds < 1 || seconds > 86_400) throw new InvalidArgumentError("expected seconds, 1 to 86400");
  return seconds;
}

/** For options that count something, from one on. @throws InvalidArgumentError */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("expected a whole number, at least 1");
  return Number(text);
}

/** For options that are times. @throws InvalidArgumentError */
export function parseTime(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}(T[0-9:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) && !Number.isNaN(Date.parse(text))) {
    return new Date(text).toISOString();
  }
  throw new InvalidArgumentError("expected a time such as 2026-08-22T09:00:00Z");
}

/** For commands that change something at the service. */
export function withDryRun(command: Command): Command {
  return withService(command).option(
    "--dry-run",
    "say what would happen, with every check, and change nothing",
  );
}

/** The answer to a dry run: what would be there afterwards. */
export function rehearsed(what: object, text: string): Report {
  return done({ ...what, dryRun: true }, `dry run, nothing was changed; it would be:\n${text}`);
}

export function done(json: unknown, text: string): Report {
  return { ok: true, json, text };
}
