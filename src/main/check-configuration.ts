/**
 * The whole configuration before anything is opened: its shape, and whether the files and variables that it names are there and are what
 * they should be. Every error at once, each with its place in `rulemint.yaml`.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Report } from "../cli/doors.js";
import { parsePEM } from "../core/encoding/pem.js";
import { RulemintError, UsageError } from "../core/errors.js";
import { parseVerifierKey } from "../core/log/verifier-key.js";
import { parseCertificate } from "../core/pki/certificate.js";
import { type Configuration, configurationFile, readYAML, resolveIn, shapeOf } from "./configuration.js";
import { storageProblems } from "./storage-settings.js";

interface Place {
  readonly path: string;
  readonly name: string;
  readonly value: unknown;
}

/** @throws UsageError CONFIGURATION with every problem in its message, one a line */
export function checkConfiguration(
  folder: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Configuration {
  const raw = readYAML(folder);
  const shape = shapeOf(raw);
  const problems = [
    ...shape.problems,
    ...placesIn(raw).flatMap((place) => placeProblems(folder, environment, place)),
    ...(shape.configuration === undefined ? [] : meaningProblems(shape.configuration)),
  ];
  if (problems.length === 0 && shape.configuration !== undefined) return shape.configuration;
  const count = problems.length === 1 ? "1 error" : `${problems.length} errors`;
  throw new UsageError("CONFIGURATION", `${configurationFile}: ${count}: ${problems.join("; ")}`, {
    details: { problems },
  });
}

/** Every member of every mapping, whatever the shape: a file that is missing is worth saying beside a wrong number. */
function placesIn(value: unknown, path = ""): Place[] {
  if (Array.isArray(value)) return value.flatMap((one, i) => placesIn(one, `${path}.${i}`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = path === "" ? name : `${path}.${name}`;
    return [{ path: at, name, value: inner }, ...placesIn(inner, at)];
  });
}

function placeProblems(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
  { path, name, value }: Place,
): string[] {
  if (typeof value !== "string") return [];
  const say = (problem: string) => [`${path}: ${problem}`];
  const file = resolveIn(folder, value);
  switch (name) {
    case "environment":
      return environment[value] ? [] : say(`expected a secret in the variable ${value}, found none`);
    case "file":
    case "keyFile":
    case "module":
      return isFile(file) ? [] : say(`expected a file at ${value}, found none`);
    case "folder":
      return existsSync(file) ? [] : say(`expected a folder at ${value}, found none`);
    case "vkey":
      return refusalOf(() => parseVerifierKey(value)).flatMap(say);
    case "certificates":
      return isFile(file)
        ? refusalOf(() => requireCertificates(file)).flatMap(say)
        : say(`expected a file at ${value}, found none`);
    default:
      return [];
  }
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function requireCertificates(path: string): void {
  const found = parsePEM(readFileSync(path, "utf8"), "CERTIFICATE").map(parseCertificate);
  if (found.length === 0) throw new UsageError("CONFIGURATION", "expected certificates, got none");
}

function refusalOf(work: () => unknown): string[] {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof RulemintError) return [error.message];
    throw error;
  }
}

function meaningProblems(configuration: Configuration): string[] {
  const { timestampAuthorities, developmentAuthority, log, objects, publicTree } = configuration;
  const problems = storageProblems(objects, publicTree);
  if (timestampAuthorities.length === 0 && developmentAuthority === undefined)
    problems.push("timestampAuthorities: expected an address, or a developmentAuthority, got neither");
  const names = log?.witnesses.map(({ name }) => name) ?? [];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) problems.push(`log.witnesses: expected every name once, got ${twice} twice`);
  return problems;
}

/** `rulemint config check`. @throws UsageError CONFIGURATION */
export async function checkedConfiguration(data: string): Promise<Report> {
  const folder = resolve(data);
  const { listen } = checkConfiguration(folder);
  return { ok: true, json: { data: folder, ok: true, listen }, text: `${configurationFile} is sound.` };
}
