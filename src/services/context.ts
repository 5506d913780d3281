/** Everything that a service needs from outside; composed once, in `main/compose.ts`. */
import type { EngineRanges } from "../core/trust/engine-ranges.js";
import type { DigestFactory } from "../core/encoding/stream.js";
import type { Codec, FullPackPolicy } from "../core/format/codec.js";
import type { CompilerFacts } from "../core/release/model.js";
import type { ReleaseGates } from "../ports/release-gates.js";
import type { Meter } from "../ports/meter.js";
import type { Clock } from "../ports/clock.js";
import type { CompileCache } from "../ports/compile-cache.js";
import type { DatabaseStore } from "../ports/database-store.js";
import type { OpenQuietCodec } from "../ports/quiet-codec.js";
import type { IdentityProvider } from "../ports/identity-provider.js";
import type { ObjectStore } from "../ports/object-store.js";
import type { PostQuantumSigner, PostQuantumVerifier } from "../ports/post-quantum.js";
import type { PublicTree } from "../ports/public-tree.js";
import type { Records } from "../ports/records.js";
import type { RevocationSource } from "../ports/revocation-source.js";
import type { RuleEngine } from "../ports/rule-engine.js";
import type { RuleWorkers } from "../ports/rule-workers.js";
import type { Signer } from "../ports/signer.js";
import type { Tracer } from "../ports/tracer.js";
import type { TimestampAuthority } from "../ports/timestamp-authority.js";
import type { ClaimRules } from "./claimed-identity.js";
import type { GateSettings } from "./gate-release.js";
import type { DeviceHealth } from "./device-health.js";
import type { RingPolicies } from "./rollout/model.js";
import type { ReportRules } from "./rollout/take-reports.js";
import type { ReviewRules } from "./review-rules.js";
import type { SubmissionLimits } from "./submission-limits.js";
import type { PublishingWindow } from "./publishing-window.js";
import type { AccessLog } from "./access-log.js";
import type { Leadership } from "./leadership.js";
import type { ReleaseLog } from "./release-log.js";

export interface ServiceSettings {
  /** Days until metadata of each role expires. */
  readonly expiryDays: { readonly feed: number; readonly snapshot: number; readonly timestamp: number };
  readonly compiler: CompilerFacts;
  readonly minimumClient: string;
  /** What releases ask of the engines that load them; absent: nothing. */
  readonly engines?: EngineRanges | undefined;
  /** Of one identity; absent or 0: no limit. */
  readonly requestsPerMinute?: number;
  /** Absent: the default. */
  readonly gates?: GateSettings;
  /** Who reviews what; absent: one reviewer, anybody with the role. */
  readonly review?: ReviewRules;
  /** Below the limits of the formats; absent: those. */
  readonly submissionLimits?: SubmissionLimits;
  /** Absent: the default. */
  readonly publishingWindow?: PublishingWindow;
  /** By feed: how a release goes out. Absent: to everybody at once. */
  readonly rings?: RingPolicies;
  /** By feed: how its full packs are made. Absent: the default. */
  readonly fullPacks?: Readonly<Record<string, FullPackPolicy>>;
  /** Who may report and how much; absent: nobody. */
  readonly reports?: ReportRules;
  /** Signs the files that ClamAV loads, for its own verifier; absent is off. */
  readonly clamavSignatures?: boolean;
}

/** People of an OpenID Connect provider. */
export interface People {
  readonly provider: IdentityProvider;
  readonly rules: ClaimRules;
  /** What somebody needs to get a token; no secret. */
  readonly login: {
    readonly issuer: string;
    readonly audience: string;
    readonly clientID?: string;
    readonly scopes: readonly string[];
  };
}

export interface ServiceContext {
  readonly records: Records;
  readonly objects: ObjectStore;
  readonly databases: DatabaseStore;
  readonly cache: CompileCache;
  readonly tree: PublicTree;
  readonly codec: Codec;
  /** Makes small packs behind the releases. Absent: none are made. */
  readonly openQuietCodec?: OpenQuietCodec;
  readonly workers: RuleWorkers;
  readonly engines: readonly RuleEngine[];
  readonly clock: Clock;
  readonly digest: DigestFactory;
  /** The publisher's key, in the HSM or in an encrypted file, and its certificate chain, leaf first, DER. */
  readonly publisher: Signer;
  readonly publisherChain: readonly Uint8Array[];
  readonly tsa: TimestampAuthority;
  /** Where the CAs of both chains publish what they have revoked. */
  readonly revocation: RevocationSource;
  /** Experimental: makes the second signature. Absent: releases announce none. */
  readonly postQuantum?: PostQuantumSigner;
  /** With it, what we publish is judged as a customer would. */
  readonly postQuantumVerifier?: PostQuantumVerifier;
  /** Online keys. */
  readonly snapshot: Signer;
  readonly timestamp: Signer;
  /** The public log of everything that endpoints may be asked to trust. Absent: releases are published without one. */
  readonly releaseLog?: ReleaseLog;
  /** Who did what behind the doors. Absent: nothing is written down. */
  readonly accessLog?: AccessLog;
  /** Signs the protocols of visits, and nothing else. Absent: no visits. */
  readonly visits?: Signer;
  readonly settings: ServiceSettings;
  /** Tries releases before the engines of this machine; absent: none is asked. */
  readonly gates?: ReleaseGates;
  /** Absent: nobody measures. */
  readonly meter?: Meter;
  /** Absent: nobody is told what took how long. */
  readonly tracer?: Tracer;
  /** What the last use of keys and authorities said; absent: nobody watches. */
  readonly devices?: DeviceHealth;
  /** Absent: only tokens that were made here are known. */
  readonly people?: People;
  /** Which of several processes does what is due; absent: there is one. */
  readonly leadership?: Leadership;
  /** Called when a release has a step to take. Composition ties it to the scheduler, which does the step. */
  readonly wake: () => void;
}
