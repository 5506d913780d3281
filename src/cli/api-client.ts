/**
 * The service's interface as functions. Types come from openapi.yaml. A problem document becomes an error
 * with its own code, so that a refusal reads the same here as at the service; anything else that is not an
 * answer is FETCH_FAILED or SERVER_REFUSED.
 */
import { Call, formatQuery, type Said } from "./api-call.js";
import type { components, operations } from "./generated/api.js";

type Schemas = components["schemas"];
export type Submission = Schemas["Submission"];
export type SubmissionSummary = Schemas["SubmissionSummary"];
export type Release = Schemas["Release"];
export type ReleaseSources = Schemas["ReleaseSources"];
export type Feed = Schemas["Feed"];
export type Ruleset = Schemas["Ruleset"];
export type ExplainedRule = Schemas["ExplainedRule"];
export type AccessFileDocument = Schemas["AccessFile"];
export type Identity = Schemas["Identity"];
export type SubmissionDiff = Schemas["SubmissionDiff"];
export type Comment = Schemas["Comment"];
export type RuleRevisions = Schemas["RuleRevisions"];
export type ChangeLog = Schemas["ChangeLog"];
type BuildOrder = NonNullable<operations["buildRelease"]["requestBody"]>["content"]["application/json"];
type NewComment = operations["addComment"]["requestBody"]["content"]["application/json"];
type TokenOrder = operations["createToken"]["requestBody"]["content"]["application/json"];
type QuarantineOrder = operations["quarantineRule"]["requestBody"]["content"]["application/json"];
type Quarantined =
  operations["listQuarantine"]["responses"]["200"]["content"]["application/json"]["items"][number];
type Query<Operation extends keyof operations> = NonNullable<operations[Operation]["parameters"]["query"]>;
export type RebuildVerdict = Schemas["RebuildVerdict"];
type SignedVerdict = operations["addRebuildVerdict"]["requestBody"]["content"]["application/json"];
export type VisitRebuildOrder = operations["addVisitRebuild"]["requestBody"]["content"]["application/json"];
type Verdict = operations["addVerdict"]["requestBody"]["content"]["application/json"];
export type Rollout = Schemas["Rollout"];
export type ReportCurve = Schemas["ReportCurve"];
type RolloutOrder = operations["skipRings"]["requestBody"]["content"]["application/json"];
export type SubmissionPage = operations["listSubmissions"]["responses"]["200"]["content"]["application/json"];
export type ReleasePage = operations["listReleases"]["responses"]["200"]["content"]["application/json"];

type LoginPlace = operations["getLogin"]["responses"]["200"]["content"]["application/json"];

/** A dry run changes nothing, and answers what would be. */
export interface How {
  readonly dryRun?: boolean | undefined;
}

export interface APIClient {
  getLogin(): Promise<LoginPlace>;
  whoAmI(): Promise<Identity>;
  createSubmission(query: Query<"createSubmission">, tar: AsyncIterable<Uint8Array>): Promise<Submission>;
  listSubmissions(query: Query<"listSubmissions">): Promise<SubmissionPage>;
  getSubmission(id: string): Promise<Submission>;
  approveSubmission(id: string, digest: string, how?: How): Promise<Submission>;
  rejectSubmission(id: string, digest: string, reason: string, how?: How): Promise<Submission>;
  approveInEmergency(id: string, digest: string, reason: string, how?: How): Promise<Submission>;
  openDraft(id: string, how?: How): Promise<Submission>;
  withdrawSubmission(id: string, reason: string, how?: How): Promise<Submission>;
  diffSubmission(id: string, query: Query<"diffSubmission">): Promise<SubmissionDiff>;
  listComments(id: string): Promise<readonly Comment[]>;
  addComment(id: string, comment: NewComment, how?: How): Promise<Comment>;
  getRuleRevisions(query: Query<"getRuleRevisions">): Promise<RuleRevisions>;
  /** A `ChangeLog`, Markdown, or one HTML page. */
  getChanges(feed: string, release: number, format: "json" | "markdown" | "html"): Promise<Uint8Array>;
  getMetrics(): Promise<string>;
  listRulesets(): Promise<readonly Ruleset[]>;
  quarantineRule(ruleset: string, order: QuarantineOrder, how?: How): Promise<Submission>;
  liftQuarantine(ruleset: string, order: QuarantineOrder, how?: How): Promise<Submission>;
  listQuarantine(): Promise<readonly Quarantined[]>;
  createToken(order: TokenOrder): Promise<Schemas["NewToken"]>;
  /** What `createToken` would make: without the token, since there is none. */
  rehearseToken(order: TokenOrder): Promise<Schemas["Token"]>;
  listTokens(): Promise<readonly Schemas["Token"][]>;
  revokeToken(id: string, how?: How): Promise<Schemas["Token"]>;
  listFeeds(): Promise<readonly Feed[]>;
  getFeed(feed: string): Promise<Feed>;
  buildRelease(feed: string, body: BuildOrder, how?: How): Promise<Release>;
  listReleases(feed: string, query: Query<"listReleases">): Promise<ReleasePage>;
  getRelease(feed: string, release: number): Promise<Release>;
  /** Server-sent events, as they come. */
  followRelease(feed: string, release: number): AsyncIterable<Uint8Array>;
  getReleaseSources(feed: string, release: number): Promise<ReleaseSources>;
  getReleaseManifest(feed: string, release: number): Promise<Uint8Array>;
  explainRule(feed: string, release: number, query: Query<"explainRule">): Promise<readonly ExplainedRule[]>;
  /** Streams; the caller compares the digest. */
  readSourceMap(feed: string, release: number): AsyncIterable<Uint8Array>;
  addVerdict(feed: string, release: number, verdict: Verdict): Promise<Release>;
  listRebuildVerdicts(feed: string, release: number): Promise<readonly RebuildVerdict[]>;
  addRebuildVerdict(feed: string, release: number, verdict: SignedVerdict): Promise<RebuildVerdict>;
  /** The envelope's bytes, as they are kept. */
  readProvenance(feed: string, release: number): Promise<Uint8Array>;
  publishRelease(feed: string, release: number, how?: How): Promise<Release>;
  withdrawRelease(
    feed: string,
    release: number,
    body: { to?: number; reason: string },
    how?: How,
  ): Promise<Release>;
  showRollout(feed: string): Promise<Rollout>;
  /** To resume and to skip takes two people: the first call is kept in `asked`. */
  haltRollout(feed: string, order: RolloutOrder, how?: How): Promise<Rollout>;
  resumeRollout(feed: string, order: RolloutOrder, how?: How): Promise<Rollout>;
  skipRings(feed: string, order: RolloutOrder, how?: How): Promise<Rollout>;
  readReports(feed: string, release: number, query: Query<"readReports">): Promise<Schemas["ReportCurve"]>;
  beginVisit(reason: string): Promise<{ readonly id: string; readonly begunAt: string }>;
  addVisitRebuild(id: string, rebuild: VisitRebuildOrder): Promise<Schemas["VisitRebuild"]>;
  /** The envelope's bytes. */
  endVisit(id: string): Promise<Uint8Array>;
  openAccessLog(query: Query<"openAccessLog">): Promise<AccessFileDocument>;
  /** Several files, each with its length in front (8 bytes); the caller compares the digests. */
  getSources(sha256: readonly string[]): Promise<Uint8Array>;
  /** Streams; the caller compares the digest. */
  readSource(sha256: string): AsyncIterable<Uint8Array>;
  /** Streams; `name` without the feed. */
  readPack(feed: string, release: number, name: string): AsyncIterable<Uint8Array>;
}

/** `server` is an origin with an optional path. @throws UsageError USAGE for no address, or no token */
export function createAPIClient(server: string, token: string, said: Said = {}): APIClient {
  const call = new Call(server, token, said);
  const releases = (feed: string) => `v1/feeds/${encodeURIComponent(feed)}/releases`;
  const one = (feed: string, release: number) => `${releases(feed)}/${release}`;
  const rollout = (feed: string) => `v1/feeds/${encodeURIComponent(feed)}/rollout`;
  const rules = (ruleset: string) => `v1/rulesets/${encodeURIComponent(ruleset)}`;
  const asked = (how: How = {}) => formatQuery(how.dryRun ? { dryRun: true } : {});
  const submission = (id: string) => `v1/submissions/${encodeURIComponent(id)}`;
  return {
    getLogin: () => call.json("GET", ".well-known/oauth-protected-resource"),
    whoAmI: () => call.json("GET", "v1/whoami"),
    createSubmission: (query, tar) => call.upload(`v1/submissions${formatQuery(query)}`, tar),
    listSubmissions: (query) => call.json("GET", `v1/submissions${formatQuery(query)}`),
    getSubmission: (id) => call.json("GET", submission(id)),
    approveSubmission: (id, digest, how) =>
      call.json("POST", `${submission(id)}/approval${asked(how)}`, { digest }),
    rejectSubmission: (id, digest, reason, how) =>
      call.json("POST", `${submission(id)}/rejection${asked(how)}`, { digest, reason }),
    approveInEmergency: (id, digest, reason, how) =>
      call.json("POST", `${submission(id)}/emergency-approval${asked(how)}`, { digest, reason }),
    openDraft: (id, how) => call.json("POST", `${submission(id)}/opening${asked(how)}`),
    withdrawSubmission: (id, reason, how) =>
      call.json("POST", `${submission(id)}/withdrawal${asked(how)}`, { reason }),
    diffSubmission: (id, query) => call.json("GET", `${submission(id)}/diff${formatQuery(query)}`),
    listComments: async (id) =>
      (await call.json<{ items: Comment[] }>("GET", `${submission(id)}/comments`)).items,
    addComment: (id, comment, how) => call.json("POST", `${submission(id)}/comments${asked(how)}`, comment),
    getRuleRevisions: (query) => call.json("GET", `v1/rules${formatQuery(query)}`),
    getChanges: (feed, release, format) => call.whole(`${one(feed, release)}/changes?format=${format}`),
    getMetrics: async () => new TextDecoder().decode(await call.whole("metrics")),
    listRulesets: async () => (await call.json<{ items: Ruleset[] }>("GET", "v1/rulesets")).items,
    quarantineRule: (ruleset, order, how) =>
      call.json("POST", `${rules(ruleset)}/quarantine${asked(how)}`, order),
    liftQuarantine: (ruleset, order, how) =>
      call.json("POST", `${rules(ruleset)}/quarantine/release${asked(how)}`, order),
    listQuarantine: async () => (await call.json<{ items: Quarantined[] }>("GET", "v1/quarantine")).items,
    createToken: (order) => call.json("POST", "v1/tokens", order),
    rehearseToken: (order) => call.json("POST", "v1/tokens?dryRun=true", order),
    listTokens: async () => (await call.json<{ items: Schemas["Token"][] }>("GET", "v1/tokens")).items,
    revokeToken: (id, how) =>
      call.json("POST", `v1/tokens/${encodeURIComponent(id)}/revocation${asked(how)}`),
    listFeeds: async () => (await call.json<{ items: Feed[] }>("GET", "v1/feeds")).items,
    getFeed: (feed) => call.json("GET", `v1/feeds/${encodeURIComponent(feed)}`),
    buildRelease: (feed, body, how) => call.json("POST", `${releases(feed)}${asked(how)}`, body),
    listReleases: (feed, query) => call.json("GET", `${releases(feed)}${formatQuery(query)}`),
    getRelease: (feed, release) => call.json("GET", one(feed, release)),
    followRelease: (feed, release) => call.stream(`${one(feed, release)}/events`),
    getReleaseSources: (feed, release) => call.json("GET", `${one(feed, release)}/sources`),
    getReleaseManifest: async (feed, release) => call.whole(`${one(feed, release)}/manifest`),
    explainRule: async (feed, release, query) =>
      (await call.json<{ items: ExplainedRule[] }>("GET", `${one(feed, release)}/rules${formatQuery(query)}`))
        .items,
    readSourceMap: (feed, release) => call.stream(`${one(feed, release)}/source-map`),
    addVerdict: (feed, release, verdict) => call.json("POST", `${one(feed, release)}/verdicts`, verdict),
    listRebuildVerdicts: async (feed, release) =>
      (await call.json<{ items: RebuildVerdict[] }>("GET", `${one(feed, release)}/attestations`)).items,
    addRebuildVerdict: (feed, release, verdict) =>
      call.json("POST", `${one(feed, release)}/attestations`, verdict),
    readProvenance: (feed, release) => call.whole(`${one(feed, release)}/provenance`),
    publishRelease: (feed, release, how) =>
      call.json("POST", `${one(feed, release)}/publication${asked(how)}`),
    withdrawRelease: (feed, release, body, how) =>
      call.json("POST", `${one(feed, release)}/withdrawal${asked(how)}`, body),
    showRollout: (feed) => call.json("GET", rollout(feed)),
    haltRollout: (feed, order, how) => call.json("POST", `${rollout(feed)}/halt${asked(how)}`, order),
    resumeRollout: (feed, order, how) => call.json("POST", `${rollout(feed)}/resumption${asked(how)}`, order),
    skipRings: (feed, order, how) => call.json("POST", `${rollout(feed)}/skip${asked(how)}`, order),
    readReports: (feed, release, query) =>
      call.json("GET", `${one(feed, release)}/reports${formatQuery(query)}`),
    beginVisit: (reason) => call.json("POST", "v1/visits", { reason }),
    addVisitRebuild: (id, rebuild) =>
      call.json("POST", `v1/visits/${encodeURIComponent(id)}/rebuilds`, rebuild),
    endVisit: (id) => call.whole(`v1/visits/${encodeURIComponent(id)}/protocol`, {}),
    openAccessLog: (query) => call.json("GET", `v1/access${formatQuery(query)}`),
    getSources: (sha256) => call.whole("v1/sources", { sha256 }),
    readSource: (sha256) => call.stream(`v1/sources/${sha256}`),
    readPack: (feed, release, name) => call.stream(`${one(feed, release)}/packs/${encodeURIComponent(name)}`),
  };
}
