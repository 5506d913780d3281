/** What an endpoint is given, what it remembers, and what it says about itself. Times are `YYYY-MM-DDTHH:MM:SSZ`. */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../core/brands.js";
import type { DigestFactory } from "../core/encoding/stream.js";
import type { ErrorCode } from "../core/errors.js";
import type { Codec } from "../core/format/codec.js";
import type { DatabaseDamage, PackFacts, PackPath } from "../core/format/model.js";
import type { ExportForms } from "../core/rules/export-forms.js";
import type { RuleKind } from "../core/rules/model.js";
import type { ProvenRelease } from "../core/trust/model.js";
import type { TrustedRelease } from "../core/trust/verify-release.js";
import type { Clock } from "../ports/clock.js";
import type { EndpointStore } from "../ports/endpoint-store.js";
import type { EndpointEngine } from "../ports/endpoint-engine.js";
import type { Fetcher } from "../ports/fetcher.js";
import type { SpentBytes } from "./budget.js";
import type { BootCounts } from "./boot-counter.js";
import type { ReportStatus } from "./choose-reports.js";
import type { EngineChoice, KnownEngine } from "./engine-choices.js";
import type { ExportChoices } from "./export-choices.js";
import type { HealthChoices } from "./health.js";
import type { SetAside } from "./local-rules/model.js";
import type { LocalStatus } from "./local-rules/status.js";
import type { PassedOver } from "./mirrors.js";
import type { NetworkSettings } from "./network.js";
import type { Arrival, ProofSummary } from "./remember-proof.js";
import type { ReportChoices } from "./report-choices.js";
import type { RingChoices } from "./ring-choices.js";
import type { WatchStatus } from "./watch-status.js";
import type { PostQuantumVerifier } from "../ports/post-quantum.js";

/** Everything that an updater needs from outside; it keeps no other state and shares nothing with another updater. */
export interface UpdaterOptions {
  readonly store: EndpointStore;
  readonly fetcher: Fetcher;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly digest: DigestFactory;
  /** Without it, releases that announce a second signature are refused. */
  readonly postQuantum?: PostQuantumVerifier;
  /** Needed where the owner has the engine asked. */
  readonly engine?: EndpointEngine;
  readonly onEvent?: (event: UpdateEvent) => void;
}

/** Chosen once, at `init`; kept in `config.json`. */
export interface EndpointConfig {
  readonly schema: 1;
  readonly url: string;
  readonly feed: FeedName;
  /** Kinds that every update exports to the endpoint's own export folder. */
  readonly exportKinds: readonly RuleKind[];
  readonly exportForms: ExportForms;
  readonly engines: readonly EngineChoice[];
  readonly network: NetworkSettings;
  readonly rings: RingChoices;
  /** What the engine is asked before it gets a release. */
  readonly health?: HealthChoices;
  /** Whom it tells how releases do here; absent: nobody. */
  readonly reports?: ReportChoices;
}

/** A database that stands on this endpoint, and the release that it is. */
export interface InstalledRelease {
  readonly release: ReleaseNumber;
  readonly databaseSha256: Sha256Hex;
  readonly databaseBytes: number;
  /** When the release was made, as its manifest says; null when only its digest is known. */
  readonly createdAt: string | null;
}

/** Which databases stand where, and whether a release is held back. */
export interface Holdings {
  readonly installed: InstalledRelease | null;
  readonly previous: InstalledRelease | null;
  /** Rolled back from by hand: not to be applied again. */
  readonly held: ReleaseNumber | null;
  /** Failed its check here. */
  readonly bad?: BadRelease | null;
}

/** A database that the engine of this endpoint could not live with, and the release it was. */
export interface BadRelease {
  readonly release: ReleaseNumber;
  readonly databaseSha256: Sha256Hex;
  readonly code: ErrorCode;
}

/** `state.json`. All of it can be lost: then the next update finds out again what the database is. */
export interface EndpointState extends Holdings {
  readonly schema: 1;
  /** The newest manifest ever proven here: the floor for every later one. */
  readonly trusted: TrustedRelease | null;
  /** What the databases will be when the swap that is under way has happened. */
  readonly swap: Holdings | null;
  /** Digest of the database that the export folder was made from. */
  readonly exportedSha256: Sha256Hex | null;
  /** How: its owner's choices at the time. */
  readonly exportedAs?: string;
  /** What the engines were when they were last asked. */
  readonly engines?: readonly KnownEngine[];
  /** Of the export in place: rules that the engines cannot load. */
  readonly leftOut?: LeftOut;
  /** The one that it is about to be made from: the link may have been moved already. */
  readonly exporting?: Sha256Hex | null;
  /** `localID` of the owner's rules that are in it; null where nothing local is. */
  readonly exportedLocal?: Sha256Hex | null;
  readonly exportingLocal?: Sha256Hex | null;
  /** Own rules that an engine could not live with. */
  readonly setAside?: SetAside | null;
  /** In it, switched on; absent in states from before they were counted. */
  readonly exportedRules?: RuleCounts;
  /** That the engine said it loaded from there. */
  readonly loadedRules?: number | null;
  /** Whether the engine has yet to be told about the files there. */
  readonly reloadDue?: boolean;
  /** ETag of the stored timestamp file, whose it is, and that file's digest. */
  readonly poll: { readonly url?: string; readonly etag: string; readonly timestampSha256: Sha256Hex } | null;
  /** Objects that a mirror did not have or that it served spoiled, and servers that want to be left alone. */
  readonly passedOver?: readonly PassedOver[];
  readonly spent?: SpentBytes;
  readonly fetched?: FetchedSections;
  readonly rootCheckedAt: string | null;
  /** When the publisher's tree was last asked for revocation lists; absent in states from before it was. */
  readonly revocationCheckedAt?: string | null;
  /** Of the newest release that was proven, and of the database in use; absent in states from before they were. */
  readonly proof?: ProofSummary;
  readonly arrival?: Arrival;
  /** Why this endpoint is not at the newest release, and since when. */
  readonly waiting?: WaitingFor | null;
  readonly lastSuccess: { readonly at: string; readonly release: ReleaseNumber } | null;
  readonly lastFailure: { readonly at: string; readonly code: ErrorCode; readonly message: string } | null;
  /** Set once and for ever when a log contradicted itself. */
  readonly logFork?: LogFork;
}

/** By kind, and by what they ask for: how many rules an export is without. */
export type LeftOut = Readonly<Partial<Record<RuleKind, Readonly<Record<string, number>>>>>;

export type RuleCounts = Readonly<Partial<Record<RuleKind, number>>>;

/** What `Updater.fetch` left in a folder, and of which sections it was made. */
export interface FetchedSections extends InstalledRelease {
  readonly folder: string;
  /** When its files were written. */
  readonly at: string;
  /** `exportMark`, and `localID` of the owner's rules; null where nothing local is in it. */
  readonly made: string;
  readonly local: Sha256Hex | null;
  /** What the directory has of index and id table (SPEC §3.2). */
  readonly sections: Readonly<Partial<Record<RuleKind, string>>>;
}

export interface FetchedRules extends Pick<FetchedSections, "folder" | "release" | "at"> {
  readonly kinds: readonly RuleKind[];
}

export interface WaitingFor {
  readonly newest: ReleaseNumber;
  readonly why: string;
  readonly since: string;
}

/** A log that showed two histories, and where the proof of it is. */
export interface LogFork {
  readonly at: string;
  readonly origin: string;
  /** Of the key that signed both. */
  readonly vkey: string;
  /** Names below the state folder. */
  readonly files: readonly string[];
}

export type UpdateEvent =
  | { readonly type: "metadata"; readonly role: string; readonly version: number }
  | { readonly type: "verified"; readonly release: ReleaseNumber }
  | { readonly type: "database-damaged"; readonly expected: Sha256Hex }
  | { readonly type: "path"; readonly path: PackPath }
  | { readonly type: "download"; readonly pack: PackFacts; readonly bytes: number; readonly resumed: boolean }
  | {
      readonly type: "pack-refused";
      readonly pack: PackFacts;
      readonly code: ErrorCode;
      readonly message: string;
    }
  | { readonly type: "installed"; readonly release: ReleaseNumber }
  /** It failed its check, and the one before is in use again. */
  | {
      readonly type: "rolled-back";
      readonly from: ReleaseNumber;
      readonly to: ReleaseNumber;
      readonly code: ErrorCode;
    }
  /** The engine cannot live with the owner's own rules: the published ones are exported without them. */
  | { readonly type: "own-rules-set-aside"; readonly code: ErrorCode; readonly message: string }
  /** What the owner chose was damaged on disk: mended from its copy, or lost and nothing local is in force. */
  | { readonly type: "local-rules-damaged"; readonly damage: "copy" | "lost" }
  /** A signature over an exported file that is not there or does not hold; the file is exported without. */
  | { readonly type: "signature-left-out"; readonly path: string; readonly code: ErrorCode }
  | {
      readonly type: "exported";
      readonly files: number;
      readonly bytes: number;
      readonly leftOut: LeftOut;
      readonly rules: RuleCounts;
    }
  | {
      readonly type: "failed";
      readonly code: ErrorCode;
      readonly message: string;
      readonly installed: ReleaseNumber | null;
      /** Seconds since the last update that succeeded; null when none ever did. */
      readonly staleSeconds: number | null;
    };

export interface UpdateOptions {
  readonly signal?: AbortSignal;
  /** Takes a release again that was rolled back from, by hand or after a failed check. */
  readonly again?: boolean;
  /** What the engine is asked this time, from what its owner chose for always. */
  readonly health?: (chosen: HealthChoices | undefined) => HealthChoices | undefined;
}

export interface UpdateResult {
  /** `repaired`: the release was there, but its database was not what it should be. */
  readonly outcome: "updated" | "current" | "held" | "waiting" | "repaired";
  /** What keeps this endpoint from the newest release: its owner's choice, its ring, a recall. */
  readonly why?: string;
  /** What stands now, and the newest that is published. They differ while a release is held or `why` says what it waits for. */
  readonly release: ReleaseNumber;
  readonly newest: ReleaseNumber;
  readonly from: ReleaseNumber | null;
  readonly path: PackPath | null;
  /** Bytes of packs that came over the network, and of these those of the packs of `path`: others were refused. */
  readonly bytes: number;
  readonly bytesOfPath: number;
  readonly proof: ProvenRelease;
}

/** A clock that says less than the newest time that was proven here was set back, or never right. */
export interface ClockBehind {
  readonly now: string;
  /** Signed. */
  readonly newest: string;
  readonly seconds: number;
}

export interface EndpointStatus {
  readonly url: string;
  /** Without the proxy's password. */
  readonly network: NetworkSettings;
  /** Of today; null when no limit is set. */
  readonly bytesLeftToday: number | null;
  readonly feed: FeedName;
  /** Of the policy in force: the customer's own file, or the one in the trusted root. */
  readonly policySha256: Sha256Hex;
  readonly policySource: "policy.json" | "root.json";
  readonly rootVersion: number;
  readonly installed: InstalledRelease | null;
  /** A database is there, and what is remembered of it is damaged or lost: the next update finds out what it is. */
  readonly isForgotten: boolean;
  /** What became of the database in use, all of whose bytes were read: the next update mends it. */
  readonly damage: DatabaseDamage | null;
  readonly previous: InstalledRelease | null;
  readonly held: ReleaseNumber | null;
  readonly bad: BadRelease | null;
  /** Of an endpoint without a database: the folder of the last `fetch`, of which release and kinds its rules are, and when they were written. */
  readonly fetched: FetchedRules | null;
  /** In the engines' files, switched on, by kind; null before the first export. */
  readonly exportedRules: RuleCounts | null;
  /** As the engine counted them that is asked; null where it does not say. */
  readonly loadedRules: number | null;
  /** What was proven of the newest release; null before the first update. */
  readonly proof: ProofSummary | null;
  /** How the database in use came; null where a rollback brought it, or nobody remembers. */
  readonly arrival: Arrival | null;
  /** Starts of engines, by their names. */
  readonly boots: BootCounts;
  readonly rings: RingChoices;
  readonly waiting: WaitingFor | null;
  readonly newestTrusted: ReleaseNumber | null;
  readonly exports: ExportChoices;
  readonly engines: readonly KnownEngine[];
  readonly leftOut: LeftOut;
  /** The engines' files are of the release in use, and there. */
  readonly exported: boolean;
  readonly lastSuccess: EndpointState["lastSuccess"];
  readonly lastFailure: EndpointState["lastFailure"];
  readonly logFork: LogFork | null;
  /** What its owner chose of single rules. */
  readonly localRules: LocalStatus;
  /** Null where its owner has not chosen to report. */
  readonly reports: ReportStatus | null;
  /** What the daemon says of itself; null where none ever ran. */
  readonly watch: WatchStatus | null;
  /** Null while the clock is not behind what it has seen signed. */
  readonly clockBehind: ClockBehind | null;
  /** Seconds since the installed release was made, and since the last update that succeeded; null where the clock says less than that time. */
  readonly releaseAgeSeconds: number | null;
  readonly staleSeconds: number | null;
}
