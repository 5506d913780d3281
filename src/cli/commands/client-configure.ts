/** `rulemint client configure`: what an endpoint's owner chooses: the way to the publisher, when releases are taken, what the engine is asked. */
import type { Command } from "commander";
import { UsageError, quote } from "../../core/errors.js";
import { answers } from "../command.js";
import type { CLIDoors, ExportChange } from "../doors.js";

interface Options {
  readonly state: string;
  readonly mirror?: readonly string[];
  readonly proxy?: string;
  readonly direct?: readonly string[];
  readonly ca?: string;
  readonly connections?: string;
  readonly bandwidth?: string;
  readonly dailyBudget?: string;
  readonly turn?: string;
  readonly pin?: string;
  readonly hold?: string;
  readonly delay?: string;
  readonly engineKind?: string;
  readonly engineCheck?: string;
  readonly engineSeconds?: string;
  readonly engineScan?: string;
  readonly engineReload?: string;
  readonly export?: readonly string[];
  readonly exportIoc?: readonly string[];
  readonly exportSigma?: string;
  readonly engineVersion?: readonly string[];
  readonly mustMatch?: readonly string[];
  readonly mustNotMatch?: readonly string[];
  readonly report?: string;
  readonly region?: string;
  readonly reportDelay?: string;
}

export function clientConfigure(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("configure")
    .description(
      "say how the network is reached, when releases are taken and what the engine is asked; without options, show it",
    )
    .requiredOption("--state <dir>", "the endpoint's state folder")
    .option("--mirror <url...>", "more addresses of the same tree, asked in this order; none for none")
    .option("--proxy <url>", "http or https proxy, perhaps with user:password@; or none")
    .option("--direct <host...>", "hosts that are reached without the proxy; none for none")
    .option("--ca <path>", "PEM certificates that vouch for servers beside the usual ones; or none")
    .option("--connections <n>", "at once to one server, for a large pack: 1 to 8 (default: 4); or none")
    .option("--bandwidth <bytes>", "bytes a second at most, such as 500k or 2M; or none")
    .option("--daily-budget <bytes>", "bytes a day at most, such as 50M; or none")
    .option("--turn <when>", "of a release that is rolled out: drawn, early, late, or stable for none")
    .option("--pin <release>", "nothing above this release; or none")
    .option("--hold <until>", "nothing new until this time, or 'yes' until --hold none")
    .option("--delay <hours>", "nothing younger than so many hours; or none")
    .option("--export <kind...>", "kinds that engines here are given (default: all); none for none")
    .option("--export-ioc <form...>", "indicators as plain (default), csv, stix, misp")
    .option("--export-sigma <form>", "Sigma by logsource (default), or flat")
    .option(
      "--engine-version <engine@version...>",
      "leave out what it cannot load: suricata@7.0.10, clamav@ask, 'yara@4.2.3 without cuckoo'; none for none",
    )
    .option(
      "--engine-kind <kind>",
      "rules that the engine loads: yara (default), suricata, clamav, sigma, ioc; or none",
    )
    .option("--engine-check <command>", "ends with 0 when the engine loads $RULEMINT_RULES; or none")
    .option("--engine-seconds <n>", "time limit of each engine command (default: 60); or none")
    .option("--engine-scan <command>", "prints something when $RULEMINT_SAMPLE matches; or none")
    .option("--engine-reload <command>", "makes the engine read the files that are in place now; or none")
    .option("--must-match <sample...>", "files, or indicators, that must match; none for none")
    .option("--must-not-match <sample...>", "files, or indicators, that must not match; none for none")
    .option(
      "--report <url>",
      "tell how releases do here: on for the publisher, or an address; none (default) for nobody",
    )
    .option("--region <name>", "the publisher's region that reports count for")
    .option("--report-delay <seconds>", "a report waits a random time of at most so long (default: 600)");
  answers<Options>(command, doors, ({ progress }, options) => {
    const { state, mirror, direct, connections, bandwidth, dailyBudget } = options;
    return doors.clientConfigure(
      {
        state,
        ...(mirror && { mirrors: listOf(mirror) }),
        ...(direct && { direct: listOf(direct) }),
        ...(options.proxy !== undefined && { proxy: unlessNone(options.proxy) }),
        ...(options.ca !== undefined && { ca: unlessNone(options.ca) }),
        rings: ringsOf(options),
        exports: exportsOf(options),
        health: healthOf(options),
        reports: reportsOf(options),
        ...(connections !== undefined && { connectionsMax: countOf(connections) }),
        ...(bandwidth !== undefined && { bytesPerSecondMax: bytesOf(bandwidth) }),
        ...(dailyBudget !== undefined && { bytesPerDayMax: bytesOf(dailyBudget) }),
      },
      progress,
    );
  });
}

/** As `chooseRings` takes them; null takes a choice back. */
function ringsOf({ turn, pin, hold, delay }: Options): Readonly<Record<string, unknown>> {
  return {
    ...(turn !== undefined && { turn }),
    ...(pin !== undefined && { pin: countOf(pin) }),
    ...(hold !== undefined && { hold: hold === "yes" ? true : unlessNone(hold) }),
    ...(delay !== undefined && { delayHours: countOf(delay) }),
  };
}

/** Parts of `ExportChoices`. */
function exportsOf({ export: kinds, exportIoc, exportSigma, engineVersion }: Options): ExportChange {
  return {
    ...(kinds && { kinds: listOf(kinds) }),
    ...(exportIoc && { ioc: exportIoc }),
    ...(exportSigma !== undefined && { sigma: exportSigma }),
    ...(engineVersion && { engines: listOf(engineVersion) }),
  };
}

/** As `chooseHealth` takes them; null takes a choice back. */
function healthOf(options: Options): Readonly<Record<string, unknown>> {
  const { engineKind, engineCheck, engineSeconds, engineScan, engineReload, mustMatch, mustNotMatch } =
    options;
  return {
    ...(engineKind !== undefined && { kind: unlessNone(engineKind) }),
    ...(engineCheck !== undefined && { check: unlessNone(engineCheck) }),
    ...(engineSeconds !== undefined && { seconds: countOf(engineSeconds) }),
    ...(engineScan !== undefined && { scan: unlessNone(engineScan) }),
    ...(engineReload !== undefined && { reload: unlessNone(engineReload) }),
    ...(mustMatch && { mustMatch: listOf(mustMatch) }),
    ...(mustNotMatch && { mustNotMatch: listOf(mustNotMatch) }),
  };
}

/** As `chooseReports` takes them; null takes a choice back. */
function reportsOf({ report, region, reportDelay }: Options): Readonly<Record<string, unknown>> {
  if (report === "none") return { off: true };
  return {
    ...(report !== undefined && { url: report === "on" ? null : report }),
    ...(region !== undefined && { region }),
    ...(reportDelay !== undefined && { delaySeconds: countOf(reportDelay) }),
  };
}

/** @throws UsageError USAGE */
function countOf(text: string): number | null {
  if (text === "none") return null;
  if (/^\d{1,15}(\.\d{1,3})?$/.test(text)) return Number(text);
  throw new UsageError("USAGE", `expected a number or none, got ${quote(text)}`);
}

const unlessNone = (text: string): string | null => (text === "none" ? null : text);
const listOf = (texts: readonly string[]): readonly string[] => (texts.join() === "none" ? [] : texts);

/** @throws UsageError USAGE */
function bytesOf(text: string): number | null {
  if (text === "none") return null;
  const [, digits, unit = ""] = /^([1-9]\d{0,11})([kMG]?)$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new UsageError("USAGE", `expected bytes such as 500k, 2M or none, got ${quote(text)}`);
  }
  return Number(digits) * { "": 1, k: 1e3, M: 1e6, G: 1e9 }[unit as "k"];
}
