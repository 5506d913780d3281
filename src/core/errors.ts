/**
 * Every failure Rulemint can name, in one table.
 *
 * The class says whose fault it is, the code says what happened. Codes are never renamed or reused.
 * `docs/ERRORS.md` holds a paragraph for each; a test proves that table and page agree.
 */

/** Whose fault: wrong bytes, sound bytes we still refuse, a failing world, or a wrong call. */
export type ErrorClass = "verification" | "policy" | "operation" | "usage";

export interface ErrorFacts {
  readonly class: ErrorClass;
  /** Status of the problem+json answer when the service meets this error. */
  readonly http: number;
}

const verification = { class: "verification", http: 422 } as const;
const policy = { class: "policy", http: 409 } as const;
const operation = { class: "operation", http: 503 } as const;

export const errorTable = {
  // --- encoding -------------------------------------------------------------------------------
  ENCODING_MALFORMED: verification,
  DER_MALFORMED: verification,
  JSON_MALFORMED: verification,
  LIMIT_EXCEEDED: verification,
  // --- rules ----------------------------------------------------------------------------------
  RULES_INVALID: verification,
  RULE_CONFLICT: verification,
  PATH_UNSAFE: verification,
  FILE_TOO_LARGE: { class: "verification", http: 413 },
  ARCHIVE_MALFORMED: verification,
  TEXT_NOT_UTF8: verification,
  // --- database and packs ---------------------------------------------------------------------
  DATABASE_MALFORMED: verification,
  DATABASE_DIGEST_MISMATCH: verification,
  SOURCE_MAP_MALFORMED: verification,
  PACK_MALFORMED: verification,
  PACK_DIGEST_MISMATCH: verification,
  PACK_WRONG_BASE: verification,
  PACK_FORMAT_UNKNOWN: verification,
  CODEC_FAILED: verification,
  // --- TUF ------------------------------------------------------------------------------------
  METADATA_MALFORMED: verification,
  METADATA_THRESHOLD: verification,
  METADATA_ROLLBACK: verification,
  METADATA_EXPIRED: verification,
  METADATA_MISMATCH: verification,
  METADATA_MISSING: verification,
  ROOT_CHAIN_BROKEN: verification,
  TARGET_UNKNOWN: verification,
  // --- manifest and evidence ------------------------------------------------------------------
  MANIFEST_MALFORMED: verification,
  MANIFEST_ROLLBACK: verification,
  MANIFEST_CHAIN_BROKEN: verification,
  EVIDENCE_MISSING: verification,
  BUNDLE_MALFORMED: verification,
  CLIENT_TOO_OLD: policy,
  // --- CMS, certificates, time-stamps ---------------------------------------------------------
  CMS_MALFORMED: verification,
  CMS_CONTENT_EMBEDDED: verification,
  CMS_SIGNED_ATTRIBUTES_MISSING: verification,
  CMS_DIGEST_MISMATCH: verification,
  CMS_SIGNATURE_INVALID: verification,
  CMS_SIGNER_NOT_FOUND: verification,
  CMS_ATTRIBUTES_INVALID: verification,
  CMS_ALGORITHM: verification,
  CMS_CERTIFICATE_MISMATCH: verification,
  CERTIFICATE_MALFORMED: verification,
  CERTIFICATE_EXPIRED: verification,
  CERTIFICATE_UNTRUSTED: verification,
  CERTIFICATE_USAGE: verification,
  CERTIFICATE_WEAK: verification,
  CERTIFICATE_EXTENSION: verification,
  CERTIFICATE_PATH: verification,
  CERTIFICATE_VALIDITY: verification,
  CERTIFICATE_NAMES: verification,
  CERTIFICATE_POLICY: verification,
  CERTIFICATE_REVOKED: verification,
  REVOCATION_MALFORMED: verification,
  REVOCATION_MISSING: verification,
  REVOCATION_STALE: verification,
  REVOCATION_UNTRUSTED: verification,
  TIMESTAMP_MISSING: verification,
  TIMESTAMP_MALFORMED: verification,
  TIMESTAMP_INVALID: verification,
  TIMESTAMP_UNTRUSTED: verification,
  SWISS_POLICY: policy,
  SIGNER_KEY_MISMATCH: verification,
  PQ_SIGNATURE_MISSING: verification,
  PQ_SIGNATURE_INVALID: verification,
  PQ_KEY_UNKNOWN: verification,
  // --- the log --------------------------------------------------------------------------------
  NOTE_MALFORMED: verification,
  LOG_POLICY_MALFORMED: verification,
  LOG_PROOF_MISSING: verification,
  LOG_PROOF_MALFORMED: verification,
  LOG_KEY_UNKNOWN: verification,
  LOG_SIGNATURE_INVALID: verification,
  LOG_INCLUSION_FAILED: verification,
  LOG_CONSISTENCY_FAILED: verification,
  WITNESS_QUORUM: verification,
  CHECKPOINT_STALE: verification,
  LOG_FORK: verification,
  LOG_TILE_MALFORMED: verification,
  LOG_ENTRY_MALFORMED: verification,
  LOG_ENTRY_MISMATCH: verification,
  LOG_ENTRY_TOO_LARGE: verification,
  LOG_SILENT: verification,
  LOG_REWOUND: verification,
  LOG_ENTRY_UNEXPECTED: verification,
  MANIFEST_UNLOGGED: verification,
  LOG_CORRUPT: operation,
  WITNESS_UNAVAILABLE: operation,
  // --- the access log ---------------------------------------------------------------------------
  ACCESS_LOG_UNAVAILABLE: operation,
  ACCESS_OPENING_MISSING: verification,
  ACCESS_OPENING_MISMATCH: verification,
  ACCESS_LOG_SILENT: verification,
  ACCESS_ANCHOR_MISMATCH: verification,
  REASON_MISSING: { class: "policy", http: 403 },
  // --- attestations and verdicts ----------------------------------------------------------------
  ATTESTATION_MALFORMED: verification,
  ATTESTATION_SIGNATURE: verification,
  ATTESTATION_MISMATCH: verification,
  REBUILD_FAILED: policy,
  REBUILD_QUORUM: policy,
  // --- the desk -------------------------------------------------------------------------------
  REQUEST_INVALID: { class: "usage", http: 400 },
  TOKEN_MISSING: { class: "policy", http: 401 },
  TOKEN_REFUSED: { class: "policy", http: 401 },
  RATE_LIMITED: { class: "policy", http: 429 },
  ROLE_REFUSED: { class: "policy", http: 403 },
  NOT_FOUND: { class: "usage", http: 404 },
  METHOD_REFUSED: { class: "usage", http: 405 },
  MEDIA_TYPE_REFUSED: { class: "usage", http: 415 },
  SUBMISSION_DECIDED: policy,
  APPROVAL_OWN: { class: "policy", http: 403 },
  AUTHOR_REFUSED: { class: "policy", http: 403 },
  APPROVAL_STALE: policy,
  PRECONDITION_FAILED: { class: "policy", http: 412 },
  IDEMPOTENCY_MISMATCH: { class: "policy", http: 422 },
  RULESET_KIND: policy,
  // --- releases -------------------------------------------------------------------------------
  RELEASE_STATE: policy,
  HEALTH_FAILED: operation,
  ROLLOUT_STATE: policy,
  SECOND_PERSON: policy,
  RELEASE_BLOCKED: policy,
  RELEASE_UNREACHABLE: policy,
  ENGINE_REFUSED: policy,
  ENGINE_LATE: policy,
  CANARY_FAILED: policy,
  LOCAL_RULES_REFUSED: policy,
  BOOT_LOOP: policy,
  ENGINE_UNAVAILABLE: operation,
  ENGINE_RELOAD_FAILED: operation,
  RELEASE_EMPTY: policy,
  RELEASE_UNCHANGED: policy,
  ASSAY_MISSING: policy,
  ASSAY_FAILED: policy,
  ASSAY_MISMATCH: verification,
  SIGNATURE_REFUSED: verification,
  EXPIRY_NEAR: policy,
  GATE_FAILED: policy,
  DEVELOPMENT_KEYS: { class: "policy", http: 500 },
  // --- the world ------------------------------------------------------------------------------
  SIGNER_UNAVAILABLE: operation,
  SIGNER_PIN: operation,
  KEY_EXISTS: policy,
  TSA_UNAVAILABLE: operation,
  STORE_FAILED: operation,
  STORE_FULL: { class: "operation", http: 507 },
  STORE_UNSUITABLE: operation,
  RECORD_CONFLICT: { class: "operation", http: 409 },
  FETCH_FAILED: operation,
  FETCH_NOT_FOUND: operation,
  FETCH_TOO_LARGE: verification,
  FETCH_DEFERRED: operation,
  BUDGET_SPENT: operation,
  INTERRUPTED: operation,
  STATE_LOCKED: operation,
  STATE_CORRUPT: operation,
  LOCAL_RULES_CORRUPT: operation,
  SERVER_REFUSED: operation,
  CONFIGURATION: { class: "usage", http: 500 },
  USAGE: { class: "usage", http: 400 },
  INTERNAL: { class: "operation", http: 500 },
} as const satisfies Record<string, ErrorFacts>;

export type ErrorCode = keyof typeof errorTable;

/** The common parent: a code from the table, a message for a person, and the cause if there was one. */
export class RulemintError extends Error {
  readonly code: ErrorCode;
  /** Facts for machines: file, line, expected, got. Never secrets. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { details?: Record<string, unknown> } = {},
  ) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** The bytes are wrong; assume an attacker wrote them. */
export class VerificationError extends RulemintError {}
/** The bytes are sound; we still refuse (threshold, four eyes, ring). */
export class PolicyError extends RulemintError {}
/** The world failed; the same call may succeed later (store, HSM, TSA, network). */
export class OperationError extends RulemintError {}
/** The caller asked for something that does not exist or makes no sense. */
export class UsageError extends RulemintError {}

/** Untrusted text for a message: quoted, control characters escaped, cut at 80 characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(errorTable, code);
}
