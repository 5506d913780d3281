/** What to do about an error, in one sentence, where the message alone does not say it. `docs/ERRORS.md` says more. */
import type { ErrorCode } from "./errors.js";

const hints: Partial<Record<ErrorCode, string>> = {
  RULES_INVALID: "mend the findings, or submit again and let the rules with errors be left out",
  RULE_CONFLICT: "give one of the two rules another id, or withdraw it from its ruleset",
  PATH_UNSAFE: "submit regular files with paths inside one folder; no links, no `..`",
  FILE_TOO_LARGE: "split the file, or submit less at once",
  ARCHIVE_MALFORMED: "send a whole, plain tar archive; do not compress it",
  TEXT_NOT_UTF8: "save the file as UTF-8",
  METADATA_EXPIRED: "check this machine's clock; if it is right, the publisher has stopped renewing",
  METADATA_ROLLBACK: "do not delete the state; tell the publisher that a mirror serves old files",
  MANIFEST_ROLLBACK: "do not delete the state; tell the publisher that a mirror serves old files",
  CLIENT_TOO_OLD: "update this client",
  REQUEST_INVALID: "see openapi.yaml for what this call takes",
  TOKEN_MISSING: "send `Authorization: Bearer TOKEN`; the command line takes --token or RULEMINT_TOKEN",
  TOKEN_REFUSED: "use a token that this service has made and not revoked",
  RATE_LIMITED: "wait as long as Retry-After says, and ask for more at once",
  ROLE_REFUSED: "use a token whose identity has the role that the message names",
  SUBMISSION_DECIDED: "a decision is made once; submit again to change it",
  APPROVAL_OWN: "ask somebody else to review",
  AUTHOR_REFUSED: "ask its author",
  PRECONDITION_FAILED: "read it again, then decide about what it says now",
  IDEMPOTENCY_MISMATCH: "use a new Idempotency-Key for a new request",
  APPROVAL_STALE: "read the submission again, then decide about what it says now",
  RULESET_KIND: "use the ruleset's kind, or another ruleset name",
  RELEASE_EMPTY: "approve a submission for one of the feed's rulesets first",
  RELEASE_UNCHANGED: "approve something first, or ask for a renewal",
  ASSAY_MISSING: "let the overseer run `rulemint assay run` first",
  ASSAY_FAILED: "read the overseer's explanation, find the cause, and build a new release",
  GATE_FAILED: "mend or quarantine the rule that the message names, then build again",
  EXPIRY_NEAR: "renew what ends first, then publish; an operator may shorten publishingWindowDays",
  TIMESTAMP_INVALID:
    "check this machine's clock (date -u); if it is right, the time-stamp is wrong: tell the publisher",
  CHECKPOINT_STALE: "check this machine's clock; if it is right, a mirror or the publisher serves old files",
  CERTIFICATE_REVOKED: "do not use what this certificate signed; the publisher must sign with another one",
  REVOCATION_MISSING:
    "bring the authority's revocation lists to where the service fetches them; the work goes on then",
  REVOCATION_STALE:
    "fetch newer revocation lists; if there are none, the authority has stopped publishing them",
  SIGNER_PIN: "correct the PIN or passphrase; it is not tried again, so that the token cannot lock",
  SIGNER_UNAVAILABLE: "bring the token back; the work goes on where it stopped",
  KEY_EXISTS:
    "choose another label or file; keys are never overwritten, and whoever wants this one gone deletes it",
  TSA_UNAVAILABLE: "nothing is lost; the work goes on when a time-stamp authority answers",
  STORE_FULL: "make room and try again; nothing was changed",
  RECORD_CONFLICT: "somebody else changed it at the same time; read it again and repeat",
  FETCH_NOT_FOUND: "check the address; where it is right, the server or mirror does not have the whole tree",
  FETCH_TOO_LARGE: "check the address: a proxy, or a network's log-in page, may have answered in its place",
  FETCH_FAILED: "check the address and the network, then try again",
  STATE_LOCKED: "wait for the other client on this state folder to finish",
  DEVELOPMENT_KEYS: "listen on loopback, or use real keys",
  MEDIA_TYPE_REFUSED: "see openapi.yaml for the content type of this call; bodies are never compressed",
  INTERNAL: "this is our fault; report it with the request id and the access log's line",
};

/** By OpenSSL's and Node's names of what is wrong with a server's certificate; undefined for what is no such name. */
export function hintForTLS(code: string): string | undefined {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return "the server's certificate is for another name: check the address";
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return "check this machine's clock; if it is right, the server needs another certificate";
  }
  if (
    !/^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_[A-Z_]+|CERT_UNTRUSTED)$/.test(code)
  ) {
    return undefined;
  }
  return "no authority that this machine trusts made the server's certificate: name its CA with client configure --ca ca.pem (other commands: NODE_EXTRA_CA_CERTS=ca.pem), or check the address";
}

export function hintFor(code: ErrorCode): string | undefined {
  return hints[code];
}
