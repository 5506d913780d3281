/** The endpoint as a library, without a disk or a network of its own: bring a store, a fetcher, a codec, a clock and a digest. */
export type { RuleKind } from "../core/rules/model.js";
export type { ErrorCode } from "../core/errors.js";
export type { EndpointEngine } from "../ports/endpoint-engine.js";
export type { EndpointStore } from "../ports/endpoint-store.js";
export type { Fetcher } from "../ports/fetcher.js";
export type { HealthChoices } from "./health.js";
export type { FetchOrder, FetchedKinds } from "./fetch-kinds.js";
export type { EngineChoice, EngineStart } from "./boot-loop.js";
export type { AddOptions, ChooseOptions, EndpointRules } from "./local-rules/endpoint-rules.js";
export type { ChangeResult } from "./local-rules/change-local-rules.js";
export type { LocalCheck } from "./local-rules/check-local-rules.js";
export type { LocalConflict, LocalEffect, OwnFile, RuleChoice, SetAside } from "./local-rules/model.js";
export type { LocalStatus } from "./local-rules/status.js";
export type { NetworkSettings } from "./network.js";
export type { ReportChoices } from "./report-choices.js";
export type { RingChoices } from "./ring-choices.js";
export { Lookup, type LookupAnswer, type LookupHit } from "./lookup.js";
export type {
  EndpointStatus,
  InstalledRelease,
  UpdateEvent,
  UpdateOptions,
  UpdateResult,
  UpdaterOptions,
} from "./model.js";
export { RulemintError } from "../core/errors.js";
export { version as clientVersion } from "../core/version.js";
export type { InitInput } from "./set-up.js";
export { Updater } from "./updater.js";
