/** The types of openapi.yaml, written by scripts/generate-api-types.mjs. Change the contract, not this file. */
export interface paths {
  "/v1/submissions": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Submissions, newest first
     * @description Any role.
     */
    get: operations["listSubmissions"];
    put?: never;
    /**
     * Propose a new revision of a ruleset
     * @description Role analyst. The body is a plain tar archive of the whole revision: regular files and folders only, relative
     *     paths, never compressed. It is read as it arrives, and the limits hold while it is read.
     *
     *     Rules with errors refuse the submission: the answer is the problem RULES_INVALID with every finding in `where`,
     *     and the refused submission stays readable under the id in `submission`. With `leaveOutInvalid` the rules with
     *     errors are left out, each with its finding, and the rest is taken.
     */
    post: operations["createSubmission"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/submissions/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    /**
     * One submission with its files and findings
     * @description Any role.
     */
    get: operations["getSubmission"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/submissions/{id}/approval": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Approve exactly these files
     * @description Role reviewer, and never the author (APPROVAL_OWN). The digest says what was read; if it is not the submission's,
     *     the approval is refused (APPROVAL_STALE). A decision is made once (SUBMISSION_DECIDED). Rules with an id that another
     *     ruleset has got since are refused (RULE_CONFLICT).
     */
    post: operations["approveSubmission"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/submissions/{id}/rejection": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Reject, with a reason for the author
     * @description Role reviewer, and never the author.
     */
    post: operations["rejectSubmission"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/submissions/{id}/emergency-approval": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Approve without the ruleset's reviewers
     * @description Role reviewer or release-manager, never the author. When there is no time for the usual review: several people (two, unless
     *     the service asks for more), each with a reason. The public log keeps that it happened, who they were, and why.
     */
    post: operations["approveInEmergency"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/submissions/{id}/opening": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Ask for review of a draft
     * @description Role analyst, and its author. Refused with every finding while it has errors (RULES_INVALID).
     */
    post: operations["openDraft"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/submissions/{id}/withdrawal": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Take a submission back
     * @description Role analyst, and its author, while nobody has decided.
     */
    post: operations["withdrawSubmission"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/submissions/{id}/comments": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    /**
     * What people said about it, oldest first
     * @description Any role.
     */
    get: operations["listComments"];
    put?: never;
    /**
     * Say something about a submission, a file or a line of it
     * @description Any role. Comments are never changed.
     */
    post: operations["addComment"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/submissions/{id}/diff": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    /**
     * What it changes, by rule and by file
     * @description Any role. Against the ruleset's head, or any revision of the ruleset. Rules are compared as they would be compiled: layout and comments
     *     change nothing, and a rule that stands in another file has moved.
     */
    get: operations["diffSubmission"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/rulesets": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * All rulesets and their approved heads
     * @description Any role.
     */
    get: operations["listRulesets"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/rulesets/{ruleset}/quarantine": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        ruleset: components["schemas"]["RulesetName"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Leave one rule out, and keep it out
     * @description Role analyst or reviewer or release-manager. The head's files again without this rule, as a submission that somebody else approves; later
     *     submissions are linted with the rule left out as well. It may be the last rule: then the revision has none.
     */
    post: operations["quarantineRule"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/rulesets/{ruleset}/quarantine/release": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        ruleset: components["schemas"]["RulesetName"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Take a rule back in
     * @description Role analyst or reviewer or release-manager. Approved by somebody else, like any submission; refused with RULES_INVALID while the revision has errors.
     */
    post: operations["liftQuarantine"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/quarantine": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Rules that are left out
     * @description Any role.
     */
    get: operations["listQuarantine"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/sources": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * The bytes of several source files
     * @description Any role. Rules are thousands of small files: whoever rebuilds a release asks for many at once. The answer holds the files
     *     in the order asked, each with its length in front: 8 bytes, most significant first.
     */
    post: operations["getSources"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/sources/{sha256}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The bytes of one source file
     * @description Role analyst, reviewer, release-manager, overseer, rebuilder or auditor.
     */
    get: operations["getSource"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * All feeds
     * @description Any role.
     */
    get: operations["listFeeds"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
      };
      cookie?: never;
    };
    /**
     * One feed
     * @description Any role.
     */
    get: operations["getFeed"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
      };
      cookie?: never;
    };
    /**
     * Releases of a feed, newest first
     * @description Any role. With `If-None-Match`, and what was shown is still the same, the answer is 304; with `wait` too, it comes when the feed or its
     *     newest release has changed, or so many seconds later. Whoever follows a feed waits, and leaves one entry in the access log for each wait.
     */
    get: operations["listReleases"];
    put?: never;
    /**
     * Build the next release from the approved heads
     * @description Role release-manager. The heads are frozen now; compiling, packing and signing go on after the answer. Follow
     *     `state` to `signed`, and read `waitingFor` when it does not move. Refused when nothing has changed since the newest
     *     release (RELEASE_UNCHANGED), unless `renew` asks for the same content under a fresh expiry.
     */
    post: operations["buildRelease"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases/{release}": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    /**
     * One release
     * @description Any role.
     */
    get: operations["getRelease"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases/{release}/events": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    /**
     * The release's progress, as it happens
     * @description Any role. Server-sent events named `release`, each with state, waitingFor, retry, and the numbers of packs and gates so far, until the
     *     release is published or failed.
     */
    get: operations["followRelease"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases/{release}/sources": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    /**
     * What the release was made from
     * @description Any role. The files themselves are under `/v1/sources`.
     */
    get: operations["getReleaseSources"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases/{release}/manifest": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    /**
     * The manifest file as it stands
     * @description Any role. One signature until the overseer has co-signed, two afterwards. Exact bytes: what is signed is what is served.
     */
    get: operations["getReleaseManifest"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases/{release}/packs/{name}": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
        name: string;
      };
      cookie?: never;
    };
    /**
     * A pack, published or not
     * @description Any role. The overseer compares it with its own.
     */
    get: operations["getReleasePack"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases/{release}/rules": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    /**
     * Where a rule comes from
     * @description Any role. Every rule of this id, with the lines that it was compiled from, who wrote and who approved them, and since
     *     which release it has been there. Several files may give one name, and one rule may stand in several files.
     */
    get: operations["explainRule"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases/{release}/changes": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    /**
     * What the release changes, rule by rule, by whom and why
     * @description Any role.
     */
    get: operations["getChanges"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/rules": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Every approved revision that touched a rule
     * @description Any role. Who wrote it first, who last, and why; also of rules that are gone.
     */
    get: operations["getRuleRevisions"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases/{release}/source-map": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    /**
     * The lines that every rule was compiled from
     * @description Any role. One file for the whole release (docs/SPEC.md §15), made when it is first asked for; the ETag is its SHA-256.
     */
    get: operations["getSourceMap"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases/{release}/verdicts": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * The overseer's verdict after an independent rebuild
     * @description Role overseer. PASSED comes with the overseer's signature over the manifest, which is checked before it is stored;
     *     FAILED says why, and ends the release.
     */
    post: operations["addVerdict"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases/{release}/attestations": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    /**
     * Signed verdicts of everybody who rebuilt the release, in the order in which they came
     * @description Any role.
     */
    get: operations["listRebuildVerdicts"];
    put?: never;
    /**
     * A rebuilder's signed verdict
     * @description Role rebuilder or overseer. The envelope is DSSE around an in-toto statement with a SLSA verification summary (SPEC §12.4), about the
     *     manifest as it stands, and is verified by the key that comes with it. It is published with the release; a verdict that comes later is
     *     added. Whom to believe is said by customers' policies. The same verdict by the same key again is no error.
     */
    post: operations["addRebuildVerdict"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases/{release}/provenance": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    /**
     * The builder's SLSA provenance, as a DSSE envelope
     * @description Any role.
     */
    get: operations["readProvenance"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases/{release}/publication": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Seal and publish
     * @description Role release-manager. Refused until the overseer has co-signed (ASSAY_MISSING). Time-stamping and publishing go on
     *     after the answer; follow `state` to `published`. Asking again for a release that is published already is no error.
     */
    post: operations["publishRelease"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases/{release}/withdrawal": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Replace a bad release by the content of an older one
     * @description Role release-manager. Numbers never go back: for a published release the answer is a new release with the sources of
     *     release `to` (the one before, when absent), which is assayed and published like any other. A release that is not
     *     public yet is ended, and is itself the answer.
     */
    post: operations["withdrawRelease"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/rollout": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
      };
      cookie?: never;
    };
    /**
     * How far the newest release is on its way to everybody
     * @description Any role.
     */
    get: operations["showRollout"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/rollout/halt": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Give the newest release to nobody else
     * @description Role release-manager or reviewer; one person suffices. Endpoints that have it keep it.
     */
    post: operations["haltRollout"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/rollout/resumption": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Go on after a halt; takes two people
     * @description Role release-manager or reviewer. The first person's call is kept in `asked` for a day and changes nothing else; the same call by
     *     another person does it. The log gets an entry.
     */
    post: operations["resumeRollout"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/rollout/skip": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Go to a later ring at once; takes two people
     * @description Role release-manager or reviewer. As `resumeRollout`, for the ring with the share `permille`.
     */
    post: operations["skipRings"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/feeds/{feed}/releases/{release}/reports": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    /**
     * What endpoints reported of a release, by hour and outcome
     * @description Role release-manager or reviewer or auditor. Counts alone are kept; groups of fewer endpoints than `anonymous` are put together. Every
     *     read is an entry of the access log.
     */
    get: operations["readReports"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/reports/{region}": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        region: components["schemas"]["Region"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * What endpoints say about releases that they took
     * @description From anybody, without a token: reports name no endpoint. What is kept is counts by region; no address is.
     */
    post: operations["takeReports"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/access": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Entries of the access log, opened, with proofs
     * @description Role auditor, and a reason in `Rulemint-Reason`. Without a search the answer is every leaf of the range; with one, the
     *     entries that fit all of it, the newest where there are too many. It holds without this service: `rulemint access verify`
     *     checks it. Asking is an entry too.
     */
    get: operations["openAccessLog"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/tokens": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * One's own tokens, newest first
     * @description Any role, and a monitor. Never a token itself.
     */
    get: operations["listTokens"];
    put?: never;
    /**
     * Make a token for a program of one's own
     * @description Any role, and a monitor. With no more roles than the token in hand, and always with an end. The answer shows it, and nothing ever
     *     does again; an Idempotency-Key does nothing here. It ends with the token that it was made with.
     */
    post: operations["createToken"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/tokens/{token}/revocation": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        token: components["schemas"]["TokenID"];
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * End a token of one's own
     * @description Any role, and a monitor. Those that were made with it end too. Again is no error.
     */
    post: operations["revokeToken"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/visits": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Begin a visit
     * @description Role auditor. Calls that belong to it carry its id in `Rulemint-Visit`.
     */
    post: operations["beginVisit"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/visits/{id}/rebuilds": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * What a rebuild during the visit found
     * @description Role auditor, one's own visit. The auditor's own program compiles the sources of a release again and says here what came out;
     *     `rulemint review rebuild` does both. It stands in the protocol.
     */
    post: operations["addVisitRebuild"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/visits/{id}/protocol": {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * The signed protocol of a visit
     * @description Role auditor, one's own visit. A DSSE envelope around every entry of the access log that the visit left, opened and
     *     proven; `rulemint review verify` reads it without this service.
     */
    post: operations["endVisit"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/v1/whoami": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The identity behind the token
     * @description Any role, and a monitor.
     */
    get: operations["whoAmI"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/.well-known/oauth-protected-resource": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Where people get a token for this service (RFC 9728)
     * @description Not found where only tokens of the service itself are known.
     */
    get: operations["getLogin"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/healthz": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The process runs */
    get: operations["getHealth"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/readyz": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The service can do its work, and its metadata is fresh */
    get: operations["getReadiness"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/metrics": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Measurements for Prometheus
     * @description Any role, and a monitor. Days to the end of every role, certificate, revocation list and authority; times of requests, release steps and
     *     gates; what waits; whether the publisher's key and the time-stamp authority answered last.
     */
    get: operations["getMetrics"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/tsa": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Development time-stamping authority (RFC 3161)
     * @description Only where it was asked for, with development keys, on loopback. Nobody may trust it.
     */
    post: operations["stampTime"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    Region: string;
    ReportCounts: {
      installed: number;
      failed: number;
      rolledBack: number;
    };
    ReportBatch: {
      /** @constant */
      schema: 1;
      feed: components["schemas"]["FeedName"];
      reports: {
        release: components["schemas"]["ReleaseNumber"];
        from: number;
        /** @enum {unknown} */
        path: "full" | "delta" | "none";
        hour: string;
        /** @enum {unknown} */
        outcome: "installed" | "failed" | "rolled-back";
        code: string | null;
        rules: number | null;
        count: number;
      }[];
    };
    ReportCurve: {
      feed: components["schemas"]["FeedName"];
      release: components["schemas"]["ReleaseNumber"];
      region: string | null;
      anonymous: number;
      total: components["schemas"]["ReportCounts"];
      hours: {
        hour: string;
        installed: number;
        failed: number;
        rolledBack: number;
      }[];
      groups: {
        /** @enum {unknown} */
        outcome: "installed" | "failed" | "rolled-back";
        path: string | null;
        code: string | null;
        count: number;
        rules: number[] | null;
      }[];
    };
    RolloutOrder: {
      release: components["schemas"]["ReleaseNumber"];
      reason: string;
      permille?: number;
    };
    Rollout: {
      feed: components["schemas"]["FeedName"];
      candidate: components["schemas"]["ReleaseNumber"];
      stable: components["schemas"]["ReleaseNumber"];
      stages: {
        permille: number;
        hours: number;
      }[];
      stage: number;
      stageSince: string;
      /** @enum {unknown} */
      state: "running" | "halted" | "done";
      asked: {
        /** @enum {unknown} */
        what: "resume" | "skip";
        by: string;
        at: string;
        reason: string;
        permille: number | null;
      } | null;
      events: {
        at: string;
        /** @enum {unknown} */
        what: "started" | "advanced" | "halted" | "resumed" | "skipped" | "finished";
        permille: number;
        by: string[];
        reason: string;
      }[];
    };
    /** @enum {string} */
    RuleKind: "clamav" | "ioc" | "sigma" | "suricata" | "yara";
    RulesetName: string;
    SubmissionID: string;
    /** @enum {string} */
    SubmissionState: "draft" | "open" | "approved" | "rejected" | "refused" | "withdrawn";
    FeedName: string;
    ReleaseNumber: number;
    Sha256: string;
    Time: string;
    /** @enum {string} */
    Role: "analyst" | "reviewer" | "release-manager" | "overseer" | "rebuilder" | "auditor" | "monitor";
    Identity: {
      name: string;
      roles: components["schemas"]["Role"][];
    };
    FileFacts: {
      /** @description Relative to the ruleset */
      path: string;
      sha256: components["schemas"]["Sha256"];
      bytes: number;
    };
    Finding: {
      path: string;
      line: number;
      column: number;
      /** @enum {string} */
      severity: "error" | "warning";
      code: string;
      message: string;
    };
    LeftOutRule: {
      path: string;
      line: number;
    };
    SubmissionSummary: {
      id: components["schemas"]["SubmissionID"];
      ruleset: components["schemas"]["RulesetName"];
      kind: components["schemas"]["RuleKind"];
      author: string;
      message: string;
      createdAt: components["schemas"]["Time"];
      state: components["schemas"]["SubmissionState"];
      /** @description Over ruleset, kind and files; what an approval binds */
      digest: components["schemas"]["Sha256"];
      rules: number;
      leaveOutInvalid: boolean;
      decision: {
        by: string;
        at: components["schemas"]["Time"];
        reason: string;
      } | null;
      /** @description The ruleset's head when it was made */
      base: string | null;
      /** @description Made of the head's files and some changes */
      patch: boolean;
      licence: string | null;
      source: string | null;
      approvals: {
        by: string;
        at: components["schemas"]["Time"];
        reason: string;
        emergency: boolean;
      }[];
      fileCount: number;
      bytes: number;
      errors: number;
      warnings: number;
    };
    Submission: {
      id: components["schemas"]["SubmissionID"];
      ruleset: components["schemas"]["RulesetName"];
      kind: components["schemas"]["RuleKind"];
      author: string;
      message: string;
      createdAt: components["schemas"]["Time"];
      state: components["schemas"]["SubmissionState"];
      /** @description Over ruleset, kind and files; what an approval binds */
      digest: components["schemas"]["Sha256"];
      rules: number;
      leaveOutInvalid: boolean;
      decision: {
        by: string;
        at: components["schemas"]["Time"];
        reason: string;
      } | null;
      /** @description The ruleset's head when it was made */
      base: string | null;
      /** @description Made of the head's files and some changes */
      patch: boolean;
      licence: string | null;
      source: string | null;
      approvals: {
        by: string;
        at: components["schemas"]["Time"];
        reason: string;
        emergency: boolean;
      }[];
      fileCount: number;
      bytes: number;
      errors: number;
      warnings: number;
    } & {
      /** @description How many people must approve it */
      approvalsNeeded: number;
      files: components["schemas"]["FileFacts"][];
      /** @description Rules that only an engine refused, and that the compiler is told to drop */
      leftOut: components["schemas"]["LeftOutRule"][];
      findings: components["schemas"]["Finding"][];
    };
    TokenID: string;
    Token: {
      id: components["schemas"]["TokenID"];
      label: string;
      roles: components["schemas"]["Role"][];
      createdAt: components["schemas"]["Time"];
      /** @description Null for those that were made with the data folder */
      expiresAt: string | null;
      revokedAt: string | null;
    };
    NewToken: {
      id: components["schemas"]["TokenID"];
      label: string;
      roles: components["schemas"]["Role"][];
      createdAt: components["schemas"]["Time"];
      /** @description Null for those that were made with the data folder */
      expiresAt: string | null;
      revokedAt: string | null;
    } & {
      /** @description What its holder sends */
      token: string;
    };
    /** @description The `after` of the next page, or null on the last; absent where no `limit` was asked for */
    NextPage: string | null;
    Comment: {
      submission: components["schemas"]["SubmissionID"];
      by: string;
      at: components["schemas"]["Time"];
      text: string;
      path: string | null;
      line: number | null;
    };
    /** @description Where a rule stands in its ruleset; null on the side on which it is not */
    RulePlace: {
      path: string;
      firstLine: number;
      lastLine: number;
    } | null;
    /** @enum {string} */
    RuleChangeWord: "added" | "changed" | "removed" | "moved";
    RuleChange: {
      change: components["schemas"]["RuleChangeWord"];
      id: string;
      before: components["schemas"]["RulePlace"];
      after: components["schemas"]["RulePlace"];
    };
    RuleChangeTotals: {
      added: number;
      changed: number;
      removed: number;
      moved: number;
    };
    SubmissionDiff: {
      submission: components["schemas"]["SubmissionID"];
      ruleset: components["schemas"]["RulesetName"];
      against: string | null;
      totals: components["schemas"]["RuleChangeTotals"];
      files: {
        /** @enum {string} */
        change: "added" | "changed" | "removed" | "renamed";
        path: string;
        from: string | null;
      }[];
      rules: components["schemas"]["RuleChange"][];
      /** @description There are more changes than are listed */
      cut: boolean;
    };
    RuleRevisions: {
      id: string;
      firstAuthor: string;
      lastAuthor: string;
      /** @description Whether a head has it now */
      stands: boolean;
      revisions: {
        change: components["schemas"]["RuleChangeWord"];
        id: string;
        before: components["schemas"]["RulePlace"];
        after: components["schemas"]["RulePlace"];
        ruleset: components["schemas"]["RulesetName"];
        kind: components["schemas"]["RuleKind"];
        submission: components["schemas"]["SubmissionID"];
        author: string;
        approvedBy: string;
        approvedAt: components["schemas"]["Time"];
        message: string;
        licence: string | null;
        source: string | null;
      }[];
      /** @description False where the earliest revisions were made before heads were remembered */
      complete: boolean;
    };
    ChangeLog: {
      /** @constant */
      schema: 1;
      feed: components["schemas"]["FeedName"];
      release: components["schemas"]["ReleaseNumber"];
      previous: number | null;
      createdAt: components["schemas"]["Time"];
      createdBy: string;
      reason: string;
      restores: number | null;
      totals: components["schemas"]["RuleChangeTotals"];
      changes: {
        change: components["schemas"]["RuleChangeWord"];
        id: string;
        before: components["schemas"]["RulePlace"];
        after: components["schemas"]["RulePlace"];
        kind: components["schemas"]["RuleKind"];
        ruleset: components["schemas"]["RulesetName"];
        submission: string;
        by: string;
        approvedBy: string;
        why: string;
      }[];
      cut: boolean;
    };
    Ruleset: {
      name: components["schemas"]["RulesetName"];
      kind: components["schemas"]["RuleKind"];
      /** @description The approved submission that counts */
      head: string | null;
      /** @description Terms of rules that were taken from elsewhere */
      licence: string | null;
      /** @description Where they were taken from */
      source: string | null;
    };
    Feed: {
      name: components["schemas"]["FeedName"];
      /** @description Names, or "*" for every ruleset */
      rulesets: "*" | components["schemas"]["RulesetName"][];
      newest: number;
      published: number;
    };
    Pack: {
      path: string;
      /** @enum {string} */
      kind: "full" | "delta";
      from: number;
      to: components["schemas"]["ReleaseNumber"];
      bytes: number;
      sha256: components["schemas"]["Sha256"];
      databaseSha256: components["schemas"]["Sha256"];
      databaseBytes: number;
      codec: string;
      /** @description The detached CMS signature; null until sealed */
      cmsSha256: string | null;
    };
    Verdict: {
      by: string;
      at: components["schemas"]["Time"];
      /** @enum {string} */
      result: "PASSED" | "FAILED";
      explanation: string;
    };
    Release: {
      feed: components["schemas"]["FeedName"];
      release: components["schemas"]["ReleaseNumber"];
      /** @enum {string} */
      state: "queued" | "built" | "signed" | "assayed" | "sealed" | "logged" | "published" | "failed";
      createdAt: components["schemas"]["Time"];
      createdBy: string;
      reason: string;
      /** @description The older release whose content this one restores */
      restores: number | null;
      /** @description Databases that this release recalls */
      blocks?: components["schemas"]["Sha256"][];
      /** @description The release before it in the chain of manifests */
      previous: number | null;
      sourcesSha256: components["schemas"]["Sha256"];
      sourceTreeSha256: components["schemas"]["Sha256"];
      /** @description Null until built */
      compiler: {
        name: string;
        version: string;
        sha256: components["schemas"]["Sha256"];
      } | null;
      /** @description Null until built */
      database: {
        sha256: components["schemas"]["Sha256"];
        bytes: number;
        /** @description Rules that people can name, for each kind that has any */
        rules: {
          [key: string]: number;
        };
      } | null;
      packs: components["schemas"]["Pack"][];
      manifestSha256: string | null;
      manifestCmsSha256: string | null;
      /** @description What the manifest asks of the engines that load the release, where it asks for anything (SPEC §5.4.10) */
      engines?: {
        [key: string]: {
          least?: string;
          below?: string;
        };
      };
      /** @description The builder's provenance, in its envelope */
      provenanceSha256?: components["schemas"]["Sha256"];
      /** @description The experimental second signature, when the manifest announces one */
      manifestMldsaSha256?: components["schemas"]["Sha256"];
      /** @description The evidence document, from logged on */
      evidenceSha256?: components["schemas"]["Sha256"];
      /** @description Entries of the log under the checkpoint that the evidence shows */
      logTreeSize?: number;
      /** @description Signatures over the files that ClamAV loads, when they were made */
      clamavSignaturesSha256?: components["schemas"]["Sha256"];
      /** @description What was tried on the compiled release before it was signed */
      gates?: {
        gate: string;
        /** @enum {string} */
        result: "PASSED" | "FAILED" | "WAIVED";
        detail: string;
        seconds: number;
        /** @description Those that made it fail */
        rules: string[];
      }[];
      /** @description Gates that whoever ordered the release said may fail */
      waived?: string[];
      verdicts: components["schemas"]["Verdict"][];
      /** @description Who asked for it to be published */
      publication: {
        by: string;
        at: components["schemas"]["Time"];
      } | null;
      /** @description Why the next step has not happened; null while nothing is wrong */
      waitingFor: string | null;
      /** @description When the next step is tried again; null while nothing is wrong, or when a person must act first */
      retry: {
        at: components["schemas"]["Time"];
        attempts: number;
      } | null;
      publishedAt: string | null;
    };
    RebuildVerdict: {
      feed: components["schemas"]["FeedName"];
      release: components["schemas"]["ReleaseNumber"];
      by: string;
      at: components["schemas"]["Time"];
      /** @enum {string} */
      result: "PASSED" | "FAILED";
      explanation: string;
      keySha256: components["schemas"]["Sha256"];
      /** @description The signed part of the manifest that was judged */
      signedSha256: components["schemas"]["Sha256"];
      envelopeSha256: components["schemas"]["Sha256"];
      /** @description The source map that it names, of those who vouch for that as well */
      sourceMapSha256?: components["schemas"]["Sha256"];
    };
    ExplainedRule: {
      kind: components["schemas"]["RuleKind"];
      id: string;
      /** @description Its number among the records of its kind */
      record: number;
      /** @description By ruleset, path and line; several where several sources say the same */
      places: {
        ruleset: components["schemas"]["RulesetName"];
        path: string;
        fileSha256: components["schemas"]["Sha256"];
        firstLine: number;
        lastLine: number;
        submission: components["schemas"]["SubmissionID"];
        submissionDigest: components["schemas"]["Sha256"];
        author: string;
        approvedBy: string;
        approvedAt: components["schemas"]["Time"];
      }[];
      history: {
        /** @description First release of the unbroken row that has a rule of this id */
        since: number;
        /** @description First release of the unbroken row in which it is exactly this rule */
        unchangedSince: number;
        /** @description False where an older database could not be read */
        complete: boolean;
      };
    };
    ReleaseSources: {
      /** @constant */
      schema: 1;
      revisions: {
        ruleset: components["schemas"]["RulesetName"];
        kind: components["schemas"]["RuleKind"];
        submission: components["schemas"]["SubmissionID"];
        digest: components["schemas"]["Sha256"];
        author: string;
        approvedBy: string;
        approvedAt: components["schemas"]["Time"];
        leaveOutInvalid: boolean;
        leftOut: components["schemas"]["LeftOutRule"][];
        files: components["schemas"]["FileFacts"][];
      }[];
    };
    VisitRebuild: {
      feed: components["schemas"]["FeedName"];
      release: components["schemas"]["ReleaseNumber"];
      /** @enum {string} */
      result: "PASSED" | "FAILED";
      code: string | null;
      explanation: string;
      digest: string | null;
      at: components["schemas"]["Time"];
      /** @description The entry of the access log with which it came */
      entry: number | null;
    };
    AccessFile: {
      /** @constant */
      schema: 1;
      /** @description A signed note */
      checkpoint: string;
      from: number;
      to: number;
      /** @description Every leaf of the range is here */
      complete: boolean;
      leaves: {
        index: number;
        /** @description base64 */
        leaf: string;
        /** @description Null for heartbeats, and where it was erased */
        opening: {
          /** @description base64 */
          salt: string;
          /** @description The exact text that was committed to */
          entry: string;
        } | null;
        proof: string[];
      }[];
      /** @description Heads of this log in the release log, with their proofs there */
      anchors: {
        entry: string;
        /** @description tlog-proof */
        proof: string;
        consistency: string[];
      }[];
    };
    Readiness: {
      /**
       * @description degraded where only the publisher's key or a time-stamp authority is away; releases wait then
       * @enum {string}
       */
      status: "ready" | "degraded" | "unready";
      checks: {
        name: string;
        ok: boolean;
        detail: string;
      }[];
    };
    /** @description RFC 9457. `where` says what to look at, `hint` how to mend it. */
    Problem: {
      type: string;
      title: string;
      status: number;
      code: components["schemas"]["ErrorCode"];
      detail: string;
      hint?: string;
      /** @description The refused submission, which stays readable */
      submission?: components["schemas"]["SubmissionID"];
      where: (
        | components["schemas"]["Finding"]
        | {
            pointer: string;
            message: string;
          }
      )[];
    };
    /** @enum {string} */
    ErrorCode:
      | "ENCODING_MALFORMED"
      | "DER_MALFORMED"
      | "JSON_MALFORMED"
      | "LIMIT_EXCEEDED"
      | "RULES_INVALID"
      | "RULE_CONFLICT"
      | "PATH_UNSAFE"
      | "FILE_TOO_LARGE"
      | "ARCHIVE_MALFORMED"
      | "TEXT_NOT_UTF8"
      | "DATABASE_MALFORMED"
      | "DATABASE_DIGEST_MISMATCH"
      | "SOURCE_MAP_MALFORMED"
      | "PACK_MALFORMED"
      | "PACK_DIGEST_MISMATCH"
      | "PACK_WRONG_BASE"
      | "PACK_FORMAT_UNKNOWN"
      | "CODEC_FAILED"
      | "METADATA_MALFORMED"
      | "METADATA_THRESHOLD"
      | "METADATA_ROLLBACK"
      | "METADATA_EXPIRED"
      | "METADATA_MISMATCH"
      | "METADATA_MISSING"
      | "ROOT_CHAIN_BROKEN"
      | "TARGET_UNKNOWN"
      | "MANIFEST_MALFORMED"
      | "MANIFEST_ROLLBACK"
      | "MANIFEST_CHAIN_BROKEN"
      | "EVIDENCE_MISSING"
      | "BUNDLE_MALFORMED"
      | "CLIENT_TOO_OLD"
      | "CMS_MALFORMED"
      | "CMS_CONTENT_EMBEDDED"
      | "CMS_SIGNED_ATTRIBUTES_MISSING"
      | "CMS_DIGEST_MISMATCH"
      | "CMS_SIGNATURE_INVALID"
      | "CMS_SIGNER_NOT_FOUND"
      | "CMS_ATTRIBUTES_INVALID"
      | "CMS_ALGORITHM"
      | "CMS_CERTIFICATE_MISMATCH"
      | "CERTIFICATE_MALFORMED"
      | "CERTIFICATE_EXPIRED"
      | "CERTIFICATE_UNTRUSTED"
      | "CERTIFICATE_USAGE"
      | "CERTIFICATE_WEAK"
      | "CERTIFICATE_EXTENSION"
      | "CERTIFICATE_PATH"
      | "CERTIFICATE_VALIDITY"
      | "CERTIFICATE_NAMES"
      | "CERTIFICATE_POLICY"
      | "CERTIFICATE_REVOKED"
      | "REVOCATION_MALFORMED"
      | "REVOCATION_MISSING"
      | "REVOCATION_STALE"
      | "REVOCATION_UNTRUSTED"
      | "TIMESTAMP_MISSING"
      | "TIMESTAMP_MALFORMED"
      | "TIMESTAMP_INVALID"
      | "TIMESTAMP_UNTRUSTED"
      | "SWISS_POLICY"
      | "SIGNER_KEY_MISMATCH"
      | "PQ_SIGNATURE_MISSING"
      | "PQ_SIGNATURE_INVALID"
      | "PQ_KEY_UNKNOWN"
      | "NOTE_MALFORMED"
      | "LOG_POLICY_MALFORMED"
      | "LOG_PROOF_MISSING"
      | "LOG_PROOF_MALFORMED"
      | "LOG_KEY_UNKNOWN"
      | "LOG_SIGNATURE_INVALID"
      | "LOG_INCLUSION_FAILED"
      | "LOG_CONSISTENCY_FAILED"
      | "WITNESS_QUORUM"
      | "CHECKPOINT_STALE"
      | "LOG_FORK"
      | "LOG_TILE_MALFORMED"
      | "LOG_ENTRY_MALFORMED"
      | "LOG_ENTRY_MISMATCH"
      | "LOG_ENTRY_TOO_LARGE"
      | "LOG_SILENT"
      | "LOG_REWOUND"
      | "LOG_ENTRY_UNEXPECTED"
      | "MANIFEST_UNLOGGED"
      | "LOG_CORRUPT"
      | "WITNESS_UNAVAILABLE"
      | "ACCESS_LOG_UNAVAILABLE"
      | "ACCESS_OPENING_MISSING"
      | "ACCESS_OPENING_MISMATCH"
      | "ACCESS_LOG_SILENT"
      | "ACCESS_ANCHOR_MISMATCH"
      | "REASON_MISSING"
      | "ATTESTATION_MALFORMED"
      | "ATTESTATION_SIGNATURE"
      | "ATTESTATION_MISMATCH"
      | "REBUILD_FAILED"
      | "REBUILD_QUORUM"
      | "REQUEST_INVALID"
      | "TOKEN_MISSING"
      | "TOKEN_REFUSED"
      | "RATE_LIMITED"
      | "ROLE_REFUSED"
      | "NOT_FOUND"
      | "METHOD_REFUSED"
      | "MEDIA_TYPE_REFUSED"
      | "SUBMISSION_DECIDED"
      | "APPROVAL_OWN"
      | "AUTHOR_REFUSED"
      | "APPROVAL_STALE"
      | "PRECONDITION_FAILED"
      | "IDEMPOTENCY_MISMATCH"
      | "RULESET_KIND"
      | "RELEASE_STATE"
      | "HEALTH_FAILED"
      | "ROLLOUT_STATE"
      | "SECOND_PERSON"
      | "RELEASE_BLOCKED"
      | "RELEASE_UNREACHABLE"
      | "ENGINE_REFUSED"
      | "ENGINE_LATE"
      | "CANARY_FAILED"
      | "LOCAL_RULES_REFUSED"
      | "BOOT_LOOP"
      | "ENGINE_UNAVAILABLE"
      | "ENGINE_RELOAD_FAILED"
      | "RELEASE_EMPTY"
      | "RELEASE_UNCHANGED"
      | "ASSAY_MISSING"
      | "ASSAY_FAILED"
      | "ASSAY_MISMATCH"
      | "SIGNATURE_REFUSED"
      | "EXPIRY_NEAR"
      | "GATE_FAILED"
      | "DEVELOPMENT_KEYS"
      | "SIGNER_UNAVAILABLE"
      | "SIGNER_PIN"
      | "KEY_EXISTS"
      | "TSA_UNAVAILABLE"
      | "STORE_FAILED"
      | "STORE_FULL"
      | "STORE_UNSUITABLE"
      | "RECORD_CONFLICT"
      | "FETCH_FAILED"
      | "FETCH_NOT_FOUND"
      | "FETCH_TOO_LARGE"
      | "FETCH_DEFERRED"
      | "BUDGET_SPENT"
      | "INTERRUPTED"
      | "STATE_LOCKED"
      | "STATE_CORRUPT"
      | "LOCAL_RULES_CORRUPT"
      | "SERVER_REFUSED"
      | "CONFIGURATION"
      | "USAGE"
      | "INTERNAL";
  };
  responses: {
    /** @description The rollout after the call */
    Rollout: {
      headers: {
        "Rulemint-Dry-Run": components["headers"]["DryRun"];
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Rollout"];
      };
    };
    /** @description The submission */
    Submission: {
      headers: {
        "Rulemint-Dry-Run": components["headers"]["DryRun"];
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Submission"];
      };
    };
    /** @description The release */
    Release: {
      headers: {
        Location: components["headers"]["Location"];
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Release"];
      };
    };
    /** @description A dry run. It would be made, under the next free number */
    RehearsedSubmission: {
      headers: {
        "Rulemint-Dry-Run": components["headers"]["DryRun"];
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Submission"];
      };
    };
    /** @description A dry run. The release would be this */
    RehearsedRelease: {
      headers: {
        "Rulemint-Dry-Run": components["headers"]["DryRun"];
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Release"];
      };
    };
    /** @description The release; the work goes on */
    AcceptedRelease: {
      headers: {
        Location: components["headers"]["Location"];
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Release"];
      };
    };
    /** @description Each check and what it saw */
    Readiness: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Readiness"];
      };
    };
    /** @description The bytes */
    Bytes: {
      headers: {
        /** @description The SHA-256, quoted */
        ETag?: string;
        [name: string]: unknown;
      };
      content: {
        "application/octet-stream": string;
      };
    };
    /** @description Refused or failed */
    Problem: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/problem+json": components["schemas"]["Problem"];
      };
    };
  };
  parameters: {
    /** @description Say what would happen, and change nothing; the access log has the call, as any */
    dryRun: boolean;
    /** @description Why, for the access log; UTF-8, percent-encoded. Asked of auditors on every call but `/v1/whoami`. */
    reason: string;
    /** @description The visit that the call belongs to; its reason is the call's where none is given */
    visit: string;
    submission: components["schemas"]["SubmissionID"];
    feed: components["schemas"]["FeedName"];
    release: components["schemas"]["ReleaseNumber"];
    /** @description The `next` of the page before */
    pageAfter: string;
    /** @description Most items in the answer; absent, all of them */
    pageLimit: number;
    /** @description Most items in the answer */
    limit: number;
  };
  requestBodies: never;
  headers: {
    /** @description Nothing was changed */
    DryRun: "true";
    /** @description Where the new thing is */
    Location: string;
  };
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  listSubmissions: {
    parameters: {
      query?: {
        state?: components["schemas"]["SubmissionState"];
        ruleset?: components["schemas"]["RulesetName"];
        kind?: components["schemas"]["RuleKind"];
        author?: string;
        /** @description The `next` of the page before */
        after?: components["schemas"]["SubmissionID"];
        /** @description Most items in the answer */
        limit?: components["parameters"]["limit"];
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One page */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["SubmissionSummary"][];
            /** @description Ask again with this as `after`; null on the last page */
            next: string | null;
          };
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  createSubmission: {
    parameters: {
      query: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
        /** @description Made by the first submission that names it */
        ruleset: components["schemas"]["RulesetName"];
        kind: components["schemas"]["RuleKind"];
        /** @description Why, for the reviewer */
        message?: string;
        leaveOutInvalid?: boolean;
        /** @description Lint it and keep it, but ask nobody for review yet; errors refuse nothing */
        draft?: boolean;
        /**
         * @description The files are put into the head's instead of being the whole revision. Such a submission can only be approved while the head is the
         *     one that it was made on (APPROVAL_STALE).
         */
        patch?: boolean;
        /** @description With patch, files or folders of the head that go */
        delete?: string[];
        /** @description An own submission that waits; it is withdrawn, and approvals that it had are void */
        replaces?: components["schemas"]["SubmissionID"];
        /** @description Terms of rules taken from elsewhere, an SPDX expression for example */
        licence?: string;
        /** @description Where they were taken from */
        source?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/x-tar": string;
      };
    };
    responses: {
      200: components["responses"]["RehearsedSubmission"];
      /** @description Taken, and waiting for review */
      201: {
        headers: {
          Location: components["headers"]["Location"];
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Submission"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  getSubmission: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: components["responses"]["Submission"];
      default: components["responses"]["Problem"];
    };
  };
  approveSubmission: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          digest: components["schemas"]["Sha256"];
        };
      };
    };
    responses: {
      200: components["responses"]["Submission"];
      default: components["responses"]["Problem"];
    };
  };
  rejectSubmission: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          digest: components["schemas"]["Sha256"];
          reason: string;
        };
      };
    };
    responses: {
      200: components["responses"]["Submission"];
      default: components["responses"]["Problem"];
    };
  };
  approveInEmergency: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          digest: components["schemas"]["Sha256"];
          reason: string;
        };
      };
    };
    responses: {
      200: components["responses"]["Submission"];
      default: components["responses"]["Problem"];
    };
  };
  openDraft: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: components["responses"]["Submission"];
      default: components["responses"]["Problem"];
    };
  };
  withdrawSubmission: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          reason?: string;
        };
      };
    };
    responses: {
      200: components["responses"]["Submission"];
      default: components["responses"]["Problem"];
    };
  };
  listComments: {
    parameters: {
      query?: {
        /** @description The `next` of the page before */
        after?: components["parameters"]["pageAfter"];
        /** @description Most items in the answer; absent, all of them */
        limit?: components["parameters"]["pageLimit"];
      };
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description All of them */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            next?: components["schemas"]["NextPage"];
            items: components["schemas"]["Comment"][];
          };
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  addComment: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          text: string;
          path?: string;
          line?: number;
        };
      };
    };
    responses: {
      /** @description A dry run. The comment would be this */
      200: {
        headers: {
          "Rulemint-Dry-Run": components["headers"]["DryRun"];
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Comment"];
        };
      };
      /** @description The comment */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Comment"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  diffSubmission: {
    parameters: {
      query?: {
        against?: components["schemas"]["SubmissionID"];
      };
      header?: never;
      path: {
        id: components["parameters"]["submission"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Added, changed, removed and moved rules */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["SubmissionDiff"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  listRulesets: {
    parameters: {
      query?: {
        /** @description The `next` of the page before */
        after?: components["parameters"]["pageAfter"];
        /** @description Most items in the answer; absent, all of them */
        limit?: components["parameters"]["pageLimit"];
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description All of them, by name */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            next?: components["schemas"]["NextPage"];
            items: components["schemas"]["Ruleset"][];
          };
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  quarantineRule: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        ruleset: components["schemas"]["RulesetName"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          id: string;
          reason: string;
        };
      };
    };
    responses: {
      200: components["responses"]["RehearsedSubmission"];
      /** @description The submission that leaves it out; it waits for somebody else's approval */
      201: {
        headers: {
          Location: components["headers"]["Location"];
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Submission"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  liftQuarantine: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        ruleset: components["schemas"]["RulesetName"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          id: string;
          reason: string;
        };
      };
    };
    responses: {
      200: components["responses"]["RehearsedSubmission"];
      /** @description The submission that takes it back in; it waits for somebody else's approval */
      201: {
        headers: {
          Location: components["headers"]["Location"];
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Submission"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  listQuarantine: {
    parameters: {
      query?: {
        /** @description The `next` of the page before */
        after?: components["parameters"]["pageAfter"];
        /** @description Most items in the answer; absent, all of them */
        limit?: components["parameters"]["pageLimit"];
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description All of them */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            next?: components["schemas"]["NextPage"];
            items: {
              ruleset: components["schemas"]["RulesetName"];
              rule: string;
              by: string;
              at: components["schemas"]["Time"];
              reason: string;
              submission: components["schemas"]["SubmissionID"];
            }[];
          };
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  getSources: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          sha256: components["schemas"]["Sha256"][];
        };
      };
    };
    responses: {
      200: components["responses"]["Bytes"];
      default: components["responses"]["Problem"];
    };
  };
  getSource: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        sha256: components["schemas"]["Sha256"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: components["responses"]["Bytes"];
      default: components["responses"]["Problem"];
    };
  };
  listFeeds: {
    parameters: {
      query?: {
        /** @description The `next` of the page before */
        after?: components["parameters"]["pageAfter"];
        /** @description Most items in the answer; absent, all of them */
        limit?: components["parameters"]["pageLimit"];
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description All of them, by name */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            next?: components["schemas"]["NextPage"];
            items: components["schemas"]["Feed"][];
          };
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  getFeed: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The feed */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Feed"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  listReleases: {
    parameters: {
      query?: {
        /** @description The `next` of the page before */
        after?: number;
        /** @description Most items in the answer */
        limit?: components["parameters"]["limit"];
        /** @description Seconds */
        wait?: number;
      };
      header?: {
        /** @description The ETag of the answer that the caller has */
        "If-None-Match"?: string;
      };
      path: {
        feed: components["parameters"]["feed"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One page */
      200: {
        headers: {
          /** @description Of this page as it is */
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["Release"][];
            /** @description Ask again with this as `after`; null on the last page */
            next: number | null;
          };
        };
      };
      /** @description Nothing has changed */
      304: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      default: components["responses"]["Problem"];
    };
  };
  buildRelease: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          reason?: string;
          renew?: boolean;
          /** @description Gates that may fail this time; the reason says why */
          waive?: ("shrink-guard" | "budget clamav" | "budget suricata" | "budget yara")[];
        };
      };
    };
    responses: {
      200: components["responses"]["RehearsedRelease"];
      202: components["responses"]["AcceptedRelease"];
      default: components["responses"]["Problem"];
    };
  };
  getRelease: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: components["responses"]["Release"];
      default: components["responses"]["Problem"];
    };
  };
  followRelease: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A stream of events */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/event-stream": string;
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  getReleaseSources: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The frozen revisions, with author and approver of each */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ReleaseSources"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  getReleaseManifest: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: components["responses"]["Bytes"];
      default: components["responses"]["Problem"];
    };
  };
  getReleasePack: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: components["responses"]["Bytes"];
      default: components["responses"]["Problem"];
    };
  };
  explainRule: {
    parameters: {
      query: {
        /** @description YARA name, Sigma UUID, `gid:sid` or `sid`, signature name, or the indicator */
        id: string;
        kind?: components["schemas"]["RuleKind"];
      };
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The rules of this id, by kind and record */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            items: components["schemas"]["ExplainedRule"][];
          };
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  getChanges: {
    parameters: {
      query?: {
        format?: "json" | "markdown" | "html";
      };
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Against the published release before it */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ChangeLog"];
          "text/markdown": string;
          "text/html": string;
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  getRuleRevisions: {
    parameters: {
      query: {
        id: string;
        ruleset?: components["schemas"]["RulesetName"];
        kind?: components["schemas"]["RuleKind"];
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Oldest first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["RuleRevisions"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  getSourceMap: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: components["responses"]["Bytes"];
      default: components["responses"]["Problem"];
    };
  };
  addVerdict: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          /** @enum {string} */
          result: "PASSED" | "FAILED";
          explanation: string;
          keyid?: components["schemas"]["Sha256"];
          /** @description TUF signature, hexadecimal */
          signature?: string;
        };
      };
    };
    responses: {
      201: components["responses"]["Release"];
      default: components["responses"]["Problem"];
    };
  };
  listRebuildVerdicts: {
    parameters: {
      query?: {
        /** @description The `next` of the page before */
        after?: components["parameters"]["pageAfter"];
        /** @description Most items in the answer; absent, all of them */
        limit?: components["parameters"]["pageLimit"];
      };
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Who said what; the signed verdicts stand in the public tree */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            next?: components["schemas"]["NextPage"];
            items: components["schemas"]["RebuildVerdict"][];
          };
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  addRebuildVerdict: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          publicKey: string;
          envelope: {
            payloadType: string;
            payload: string;
            signatures: Record<string, never>[];
          };
        };
      };
    };
    responses: {
      /** @description The verdict as it is kept */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["RebuildVerdict"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  readProvenance: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: components["responses"]["Bytes"];
      default: components["responses"]["Problem"];
    };
  };
  publishRelease: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: components["responses"]["RehearsedRelease"];
      202: components["responses"]["AcceptedRelease"];
      default: components["responses"]["Problem"];
    };
  };
  withdrawRelease: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          to?: components["schemas"]["ReleaseNumber"];
          reason: string;
        };
      };
    };
    responses: {
      200: components["responses"]["RehearsedRelease"];
      202: components["responses"]["AcceptedRelease"];
      default: components["responses"]["Problem"];
    };
  };
  showRollout: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: components["responses"]["Rollout"];
      default: components["responses"]["Problem"];
    };
  };
  haltRollout: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["RolloutOrder"];
      };
    };
    responses: {
      200: components["responses"]["Rollout"];
      default: components["responses"]["Problem"];
    };
  };
  resumeRollout: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["RolloutOrder"];
      };
    };
    responses: {
      200: components["responses"]["Rollout"];
      default: components["responses"]["Problem"];
    };
  };
  skipRings: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["RolloutOrder"];
      };
    };
    responses: {
      200: components["responses"]["Rollout"];
      default: components["responses"]["Problem"];
    };
  };
  readReports: {
    parameters: {
      query?: {
        /** @description All regions when absent */
        region?: components["schemas"]["Region"];
      };
      header?: never;
      path: {
        feed: components["parameters"]["feed"];
        release: components["parameters"]["release"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Adoption and failures */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ReportCurve"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  takeReports: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        region: components["schemas"]["Region"];
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["ReportBatch"];
      };
    };
    responses: {
      /** @description Counted */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      default: components["responses"]["Problem"];
    };
  };
  openAccessLog: {
    parameters: {
      query?: {
        from?: number;
        /** @description Exclusive */
        to?: number;
        who?: string;
        /** @description Part of what was asked for (`s-000000000001`, `feeds/endpoint/releases/3`), or a digest */
        about?: string;
        /** @description Id of a visit */
        review?: string;
        since?: components["schemas"]["Time"];
        until?: components["schemas"]["Time"];
      };
      header?: {
        /** @description Why, for the access log; UTF-8, percent-encoded. Asked of auditors on every call but `/v1/whoami`. */
        "Rulemint-Reason"?: components["parameters"]["reason"];
        /** @description The visit that the call belongs to; its reason is the call's where none is given */
        "Rulemint-Visit"?: components["parameters"]["visit"];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The file */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["AccessFile"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  listTokens: {
    parameters: {
      query?: {
        /** @description The `next` of the page before */
        after?: components["parameters"]["pageAfter"];
        /** @description Most items in the answer; absent, all of them */
        limit?: components["parameters"]["pageLimit"];
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description All of them */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            next?: components["schemas"]["NextPage"];
            items: components["schemas"]["Token"][];
          };
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  createToken: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          label: string;
          days: number;
          roles?: components["schemas"]["Role"][];
        };
      };
    };
    responses: {
      /** @description A dry run. The token would be this; there is none */
      200: {
        headers: {
          "Rulemint-Dry-Run": components["headers"]["DryRun"];
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Token"];
        };
      };
      /** @description The token, this once */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["NewToken"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  revokeToken: {
    parameters: {
      query?: {
        /** @description Say what would happen, and change nothing; the access log has the call, as any */
        dryRun?: components["parameters"]["dryRun"];
      };
      header?: never;
      path: {
        token: components["schemas"]["TokenID"];
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The token */
      200: {
        headers: {
          "Rulemint-Dry-Run": components["headers"]["DryRun"];
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Token"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  beginVisit: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          reason: string;
        };
      };
    };
    responses: {
      /** @description Begun */
      201: {
        headers: {
          Location: components["headers"]["Location"];
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            id: string;
            who: string;
            why: string;
            begunAt: components["schemas"]["Time"];
            rebuilds: components["schemas"]["VisitRebuild"][];
          };
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  addVisitRebuild: {
    parameters: {
      query?: never;
      header?: {
        /** @description Why, for the access log; UTF-8, percent-encoded. Asked of auditors on every call but `/v1/whoami`. */
        "Rulemint-Reason"?: components["parameters"]["reason"];
        /** @description The visit that the call belongs to; its reason is the call's where none is given */
        "Rulemint-Visit"?: components["parameters"]["visit"];
      };
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": {
          feed: components["schemas"]["FeedName"];
          release: components["schemas"]["ReleaseNumber"];
          /** @enum {string} */
          result: "PASSED" | "FAILED";
          code?: string;
          explanation: string;
          /** @description SHA-256 (SPEC 3.3) of the database that the sources gave */
          digest?: components["schemas"]["Sha256"];
        };
      };
    };
    responses: {
      /** @description As it stands in the protocol */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["VisitRebuild"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  endVisit: {
    parameters: {
      query?: never;
      header?: {
        /** @description Why, for the access log; UTF-8, percent-encoded. Asked of auditors on every call but `/v1/whoami`. */
        "Rulemint-Reason"?: components["parameters"]["reason"];
      };
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: components["responses"]["Bytes"];
      default: components["responses"]["Problem"];
    };
  };
  whoAmI: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Name and roles */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Identity"];
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  getLogin: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The identity provider */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            /** @description What the tokens must be for */
            resource: string;
            authorization_servers: string[];
            scopes_supported: string[];
            bearer_methods_supported: "header"[];
            /** @description The public client for logins by browser; PKCE */
            rulemint_client_id?: string;
          };
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  getHealth: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It does */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": {
            /** @constant */
            status: "ok";
          };
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  getReadiness: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: components["responses"]["Readiness"];
      503: components["responses"]["Readiness"];
      default: components["responses"]["Problem"];
    };
  };
  getMetrics: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Text format 0.0.4 */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/plain": string;
        };
      };
      default: components["responses"]["Problem"];
    };
  };
  stampTime: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/timestamp-query": string;
      };
    };
    responses: {
      /** @description TimeStampResp, DER */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/timestamp-reply": string;
        };
      };
      default: components["responses"]["Problem"];
    };
  };
}
