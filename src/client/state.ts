/**
 * What the endpoint remembers, read and written. `config.json` is what its owner chose and cannot be guessed again;
 * `state.json` is what it learned, and a lost or broken one is started afresh.
 */
import { type Sha256Hex, feedName } from "../core/brands.js";
import { hexText, utf8Bytes } from "../core/encoding/bytes.js";
import { type JSONObject, parseJSON } from "../core/encoding/json.js";
import { sha256 } from "../core/encoding/sha256.js";
import { OperationError, UsageError, VerificationError } from "../core/errors.js";
import { isRuleKind } from "../core/rules/model.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import type { EndpointConfig, EndpointState } from "./model.js";
import { parseEngines } from "./engine-choices.js";
import { parseExportForms } from "./export-choices.js";
import { parseHealth } from "./health.js";
import { parseNetwork } from "./network.js";
import { parseReportChoices } from "./report-choices.js";
import { parseRingChoices } from "./ring-choices.js";
import { openSealed, seal } from "./sealed-json.js";

export const emptyState: EndpointState = {
  schema: 1,
  installed: null,
  previous: null,
  held: null,
  trusted: null,
  swap: null,
  exportedSha256: null,
  poll: null,
  rootCheckedAt: null,
  revocationCheckedAt: null,
  lastSuccess: null,
  lastFailure: null,
};

/** What mends a file that its owner gave, and what stays. */
export const setUpHint = "set it up with: rulemint client init --state DIR --url URL --root root.json";

/** @throws UsageError USAGE before `init`; OperationError STATE_CORRUPT */
export async function readConfig(files: EndpointFiles): Promise<EndpointConfig> {
  const bytes = await files.read("config.json");
  if (bytes === undefined) throw notSetUp();
  try {
    const value = parseJSON(bytes) as JSONObject;
    const { schema, url, feed, exportKinds, network, rings } = value;
    if (schema !== 1 || typeof url !== "string" || !Array.isArray(exportKinds)) {
      throw new VerificationError("JSON_MALFORMED", "expected a configuration of schema 1");
    }
    const health = parseHealth(value.health);
    const reports = parseReportChoices(value.reports);
    const kinds = exportKinds.filter(isRuleKind);
    return {
      ...{ schema, url, feed: feedName(feed), exportKinds: kinds, network: parseNetwork(network) },
      exportForms: parseExportForms(value.exportForms),
      engines: parseEngines(value.engines),
      rings: parseRingChoices(rings),
      ...(health && { health }),
      ...(reports && { reports }),
    };
  } catch (cause) {
    throw new OperationError("STATE_CORRUPT", "expected a readable config.json, got a damaged one", {
      cause,
      details: { hint: `${setUpHint}, then configure; database and proofs stay` },
    });
  }
}

/** @throws UsageError USAGE before `init` */
export async function requireSetUp(files: EndpointFiles): Promise<void> {
  if ((await files.read("config.json")) !== undefined) return;
  throw notSetUp();
}

const notSetUp = (): UsageError =>
  new UsageError("USAGE", "expected an endpoint that was set up, got an empty state", {
    details: { hint: setUpHint },
  });

export function writeConfig(files: EndpointFiles, config: EndpointConfig): Promise<void> {
  return files.write("config.json", utf8Bytes(`${JSON.stringify(config, null, 2)}\n`));
}

/**
 * Starts afresh when the file is not, bit for bit, what was written: half a memory is worse than none, and a digest with one
 * wrong digit would refuse every later release.
 */
export async function readState(files: EndpointFiles): Promise<EndpointState> {
  const bytes = await files.read("state.json");
  if (bytes === undefined) return emptyState;
  const state = await openSealed(bytes);
  return state?.schema === 1 ? (state as unknown as EndpointState) : emptyState;
}

/** The state as it is and as it is stored: one object that every step of an update hands its news to. */
export class StateKeeper {
  readonly #files: EndpointFiles;
  #state: EndpointState;

  constructor(files: EndpointFiles, state: EndpointState) {
    this.#files = files;
    this.#state = state;
  }

  get now(): EndpointState {
    return this.#state;
  }

  /** Durable when it returns. Writing what is there already costs nothing. */
  async set(news: Partial<EndpointState>): Promise<void> {
    const next = { ...this.#state, ...news };
    if (JSON.stringify(next) === JSON.stringify(this.#state)) return;
    await this.#files.write("state.json", await seal(next));
    this.#state = next;
  }
}

export async function sha256Text(bytes: Uint8Array): Promise<Sha256Hex> {
  return hexText(await sha256(bytes)) as Sha256Hex;
}
