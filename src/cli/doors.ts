/**
 * What the command line needs from the rest of the program. `main` composes it; a test hands in its own.
 * Commands know no adapter, no file of the service and no global but what stands here.
 */
import type { Said } from "./api-call.js";
import type { APIClient } from "./api-client.js";
import type { AccessDoors } from "./access-doors.js";
import type { AssayDoors } from "./assay-doors.js";
import type { AuditDoors } from "./audit-doors.js";
import type { OperatorDoors } from "./backup-doors.js";
import type { BootDoors } from "./boot-doors.js";
import type { ContextDoors } from "./context-doors.js";
import type { KeyPlace } from "./key-options.js";
import type { LogDoors } from "./log-doors.js";
import type { MirrorDoors } from "./mirror-doors.js";
import type { ReportDoors } from "./report-doors.js";
import type { RulesDoors } from "./rules-doors.js";
import type { ClientWatchOptions } from "./watch-options.js";

/** Where text goes. */
export interface TextOut {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Of a terminal, as wide as it is now. */
  readonly columns?: number | undefined;
}

export interface Terminal {
  readonly stdout: TextOut;
  readonly stderr: TextOut;
  /** Variables of the process: `RULEMINT_SERVER`, `RULEMINT_TOKEN`, `NO_COLOR`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** One line about what is going on, for a person who waits. */
export type Progress = (line: string) => void;

/** What a command of another area gives back: a document for machines and the same for a person. */
export interface Report {
  /** False when the work was done and says no (exit 1): a verdict of FAILED, an audit that found a fault. */
  readonly ok: boolean;
  readonly json: unknown;
  readonly text: string;
}

export interface InitOptions {
  readonly data: string;
  /** Folder for the overseer's key and token; below `data` when absent. */
  readonly overseer?: string;
  readonly signer: "webcrypto" | "pkcs11";
  readonly scheme: "ecdsa-p256-sha256" | "rsa-pss-3072-sha256";
  readonly pkcs11Module?: string;
  readonly tokenLabel?: string;
  readonly keyLabel?: string;
  readonly pinFile?: string;
  /** Experimental: makes a key for the second signature. */
  readonly postQuantum?: boolean;
  /** Certificates that ClamAV's verifier accepts, and signatures for it. */
  readonly clamavSignatures?: boolean;
  /** The name of the log; made of its key when absent. */
  readonly logOrigin?: string;
}

export interface ServeOptions {
  readonly data: string;
  /** HOST:PORT; the configuration's when absent. */
  readonly listen?: string;
}

/** So many of these rebuilders must have passed a release: both or neither. */
export interface ClientRebuilders {
  readonly rebuilders?: number;
  /** Paths of public keys, PEM. */
  readonly rebuilderKeys: readonly string[];
}

export interface ClientRebuildersOptions extends ClientRebuilders {
  readonly state: string;
}

export interface ClientInitOptions extends ClientRebuilders {
  readonly state: string;
  readonly url: string;
  /** Path of the pinned root.json. */
  readonly root: string;
  /** Path of a signature policy that overrides the root's. */
  readonly policy?: string;
  readonly feed: string;
}

/** What is absent stays as it is; null takes a setting away. */
export interface ClientConfigureOptions {
  readonly state: string;
  readonly mirrors?: readonly string[];
  readonly proxy?: string | null;
  readonly direct?: readonly string[];
  /** Path of a PEM file. */
  readonly ca?: string | null;
  readonly connectionsMax?: number | null;
  readonly bytesPerSecondMax?: number | null;
  readonly bytesPerDayMax?: number | null;
  /** What changes of `HealthChoices`; null takes a choice back. */
  readonly health?: Readonly<Record<string, unknown>>;
  readonly exports?: ExportChange;
  /** What changes of `RingChoices`; null takes a choice back. */
  readonly rings?: Readonly<Record<string, unknown>>;
  /** What changes of `ReportChoices`; `off` takes all of them back. */
  readonly reports?: Readonly<Record<string, unknown>>;
}

export interface ClientUpdateOptions {
  readonly state: string;
  /** Waits a random time of at most so many seconds first. */
  readonly splaySeconds: number;
  /** Takes a release again that was rolled back from. */
  readonly again?: boolean;
  /** Asks the engine this time. */
  readonly engineCheck?: string;
  /** Tells the packs and the ways not taken. */
  readonly explain?: boolean;
  /** False: no report goes out after it. A daemon sends its own. */
  readonly report?: boolean;
}

export interface ClientExportOptions {
  readonly state: string;
  readonly out: string;
  /** Instead of what is configured; all kinds unless it says which. */
  readonly exports?: ExportChange;
  /** Without the owner's choices of single rules. */
  readonly asPublished?: boolean;
}

/** What changes of the kinds and forms that engines are given. */
export interface ExportChange {
  /** As `ENGINE@VERSION`. */
  readonly engines?: readonly string[];
  readonly kinds?: readonly string[];
  readonly ioc?: readonly string[];
  readonly sigma?: string;
}

export interface ClientLookupOptions {
  readonly state: string;
  readonly indicators: readonly string[];
}

export interface ProposeOptions {
  readonly role: "root" | "targets";
  readonly data: string;
  /** Where the proposal goes, and the bytes to sign. */
  readonly out: string;
  readonly payload?: string;
  /** `file`: a public key or a certificate, PEM. */
  readonly add: readonly {
    readonly role: string;
    readonly party?: "publisher" | "overseer";
    readonly name: string;
    readonly file: string;
  }[];
  readonly remove: readonly { readonly role: string; readonly key: string }[];
  readonly thresholds: readonly { readonly role: string; readonly threshold: number }[];
  readonly expiryDays: number;
  readonly policy?: string;
  /** Path of a root proposal. */
  readonly under?: string;
}

export interface ProposalOptions {
  readonly role: "root" | "targets";
  readonly proposal: string;
}

export interface SignProposalOptions extends ProposalOptions {
  readonly out: string;
  /** SHA-256 of the payload that the keyholder means to sign. */
  readonly expect?: string;
  /** A signature from elsewhere, and its key. */
  readonly signature?: string;
  readonly keyid?: string;
  readonly key: KeyPlace;
}

export interface PublishProposalOptions extends ProposalOptions {
  readonly data: string;
  /** Path of a targets proposal to publish in the same step. */
  readonly targets?: string;
}

export interface RequestCertificateOptions {
  readonly key: KeyPlace;
  readonly out: string;
  readonly subject: {
    readonly country: string;
    readonly organization: string;
    readonly organizationIdentifier?: string;
    readonly locality?: string;
    readonly commonName: string;
  };
}

export interface PKIVerifyOptions {
  /** Paths of files, PEM or DER. */
  readonly leaf: string;
  readonly anchors: readonly string[];
  readonly intermediates: readonly string[];
  readonly crls: readonly string[];
  readonly ocsp: readonly string[];
  /** Now when absent. */
  readonly at?: Date;
  /** A profile, `server`, `client`, or an object identifier. */
  readonly purpose: string;
  /** Certificate policies of which one must hold; whether one must hold at all. */
  readonly acceptable: readonly string[];
  readonly explicit: boolean;
  readonly sealPolicies: readonly string[];
  readonly sealPurposes: readonly string[];
}

export interface PKIVerifyCMSOptions {
  readonly content: string;
  readonly signature: string;
  /** Path of a signature policy; without one, it is made of what follows. */
  readonly policy?: string;
  readonly anchors: readonly string[];
  readonly tsaAnchors: readonly string[];
  readonly crls: readonly string[];
  readonly ocsp: readonly string[];
  readonly at?: Date;
  readonly organization?: string;
  readonly organizationIdentifier?: string;
  /** Whether both paths must be covered by revocation data, inside the signature or beside it. */
  readonly revocationRequired: boolean;
  readonly profile: "code-signing" | "regulated-seal";
  readonly sealPolicies: readonly string[];
  readonly sealPurposes: readonly string[];
}

export interface CLIDoors
  extends AccessDoors,
    AssayDoors,
    AuditDoors,
    BootDoors,
    ContextDoors,
    LogDoors,
    MirrorDoors,
    OperatorDoors,
    ReportDoors,
    RulesDoors {
  readonly version: string;
  readonly terminal: Terminal;
  /** Waits between two looks at a release. */
  pause(milliseconds: number): Promise<void>;
  api(server: string, token: string, said?: Said): APIClient;
  /** Durably, and whole or not at all; only its owner can read it. @throws OperationError STORE_FAILED, STORE_FULL */
  writeText(path: string, text: string): Promise<void>;
  init(options: InitOptions, progress: Progress): Promise<Report>;
  /** Returns when the service has stopped. `progress` gets one line when it listens, with its address. */
  serve(options: ServeOptions, progress: Progress): Promise<void>;
  clientInit(options: ClientInitOptions, progress: Progress): Promise<Report>;
  clientRebuilders(options: ClientRebuildersOptions): Promise<Report>;
  clientConfigure(options: ClientConfigureOptions, progress: Progress): Promise<Report>;
  clientUpdate(options: ClientUpdateOptions, progress: Progress): Promise<Report>;
  clientWatch(options: ClientWatchOptions, progress: Progress): Promise<Report>;
  clientStatus(state: string): Promise<Report>;
  clientExport(options: ClientExportOptions, progress: Progress): Promise<Report>;
  clientFetch(options: ClientExportOptions, progress: Progress): Promise<Report>;
  clientLookup(options: ClientLookupOptions): Promise<Report>;
  clientRollback(state: string, progress: Progress): Promise<Report>;
  pkiVerify(options: PKIVerifyOptions): Promise<Report>;
  pkiVerifyCMS(options: PKIVerifyCMSOptions): Promise<Report>;
  propose(options: ProposeOptions, progress: Progress): Promise<Report>;
  showProposal(options: ProposalOptions): Promise<Report>;
  signProposal(options: SignProposalOptions, progress: Progress): Promise<Report>;
  publishProposal(options: PublishProposalOptions, progress: Progress): Promise<Report>;
  generateKey(options: { readonly key: KeyPlace; readonly out?: string }): Promise<Report>;
  requestCertificate(options: RequestCertificateOptions): Promise<Report>;
  importChain(options: {
    readonly key: KeyPlace;
    readonly chain: string;
    readonly out: string;
  }): Promise<Report>;
  showKey(options: { readonly key?: KeyPlace; readonly file?: string }): Promise<Report>;
  checkChain(options: { readonly key?: KeyPlace; readonly chain: string }): Promise<Report>;
}
