/**
 * The service's interface as functions. Types come from openapi.yaml. A problem document becomes an error
 * with its own code, so that a refusal reads the same here as at the service; anything else that is not an
 * answer is FETCH_FAILED or SERVER_REFUSED.
 */
import { OperationError, quote, RulemintError, UsageError } from "../core/errors.js";
import { errorOf, isErrorCode } from "./error-of.js";
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
type QuarantineOrder = operations["quarantineRule"]["requestBody"]["content"]["application/json"];
type Quarantined =
  operations["listQuarantine"]["responses"]["200"]["content"]["application/json"]["items"][number];
type Problem = Schemas["Problem"];
type Query<Operation extends keyof operations> = NonNullable<operations[Operation]["parameters"]["query"]>;
type RebuildVerdict = Schemas["RebuildVerdict"];
type SignedVerdict = operations["addRebuildVerdict"]["requestBody"]["content"]["application/json"];
type Verdict = operations["addVerdict"]["requestBody"]["content"]["application/json"];
export type SubmissionPage = operations["listSubmissions"]["responses"]["200"]["content"]["application/json"];
export type ReleasePage = operations["listReleases"]["responses"]["200"]["content"]["application/json"];

export interface APIClient {
  whoAmI(): Promise<Identity>;
  createSubmission(query: Query<"createSubmission">, tar: AsyncIterable<Uint8Array>): Promise<Submission>;
  listSubmissions(query: Query<"listSubmissions">): Promise<SubmissionPage>;
  getSubmission(id: string): Promise<Submission>;
  approveSubmission(id: string, digest: string): Promise<Submission>;
  rejectSubmission(id: string, digest: string, reason: string): Promise<Submission>;
  approveInEmergency(id: string, digest: string, reason: string): Promise<Submission>;
  openDraft(id: string): Promise<Submission>;
  withdrawSubmission(id: string, reason: string): Promise<Submission>;
  diffSubmission(id: string, query: Query<"diffSubmission">): Promise<SubmissionDiff>;
  listComments(id: string): Promise<readonly Comment[]>;
  addComment(id: string, comment: NewComment): Promise<Comment>;
  getRuleRevisions(query: Query<"getRuleRevisions">): Promise<RuleRevisions>;
  /** A `ChangeLog`, Markdown, or one HTML page. */
  getChanges(feed: string, release: number, format: "json" | "markdown" | "html"): Promise<Uint8Array>;
  getMetrics(): Promise<string>;
  listRulesets(): Promise<readonly Ruleset[]>;
  quarantineRule(ruleset: string, order: QuarantineOrder): Promise<Submission>;
  liftQuarantine(ruleset: string, order: QuarantineOrder): Promise<Submission>;
  listQuarantine(): Promise<readonly Quarantined[]>;
  listFeeds(): Promise<readonly Feed[]>;
  getFeed(feed: string): Promise<Feed>;
  buildRelease(feed: string, body: BuildOrder): Promise<Release>;
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
  publishRelease(feed: string, release: number): Promise<Release>;
  withdrawRelease(feed: string, release: number, body: { to?: number; reason: string }): Promise<Release>;
  openAccessLog(query: Query<"openAccessLog">): Promise<AccessFileDocument>;
  /** Several files, each with its length in front (8 bytes); the caller compares the digests. */
  getSources(sha256: readonly string[]): Promise<Uint8Array>;
  /** Streams; the caller compares the digest. */
  readSource(sha256: string): AsyncIterable<Uint8Array>;
  /** Streams; `name` without the feed. */
  readPack(feed: string, release: number, name: string): AsyncIterable<Uint8Array>;
}

/** What the access log is told with every call. */
export interface Said {
  readonly reason?: string | undefined;
  /** Id of the visit that the call belongs to. */
  readonly visit?: string | undefined;
}

export function saidHeaders({ reason, visit }: Said): Record<string, string> {
  return {
    ...(reason && { "Rulemint-Reason": encodeURIComponent(reason) }),
    ...(visit && { "Rulemint-Visit": encodeURIComponent(visit) }),
  };
}

/** `server` is an origin with an optional path. @throws UsageError USAGE for no address, or no token */
export function createAPIClient(server: string, token: string, said: Said = {}): APIClient {
  const call = new Call(server, token, said);
  const releases = (feed: string) => `v1/feeds/${encodeURIComponent(feed)}/releases`;
  const one = (feed: string, release: number) => `${releases(feed)}/${release}`;
  const rules = (ruleset: string) => `v1/rulesets/${encodeURIComponent(ruleset)}`;
  const submission = (id: string) => `v1/submissions/${encodeURIComponent(id)}`;
  return {
    whoAmI: () => call.json("GET", "v1/whoami"),
    createSubmission: (query, tar) => call.upload(`v1/submissions${formatQuery(query)}`, tar),
    listSubmissions: (query) => call.json("GET", `v1/submissions${formatQuery(query)}`),
    getSubmission: (id) => call.json("GET", submission(id)),
    approveSubmission: (id, digest) => call.json("POST", `${submission(id)}/approval`, { digest }),
    rejectSubmission: (id, digest, reason) =>
      call.json("POST", `${submission(id)}/rejection`, { digest, reason }),
    approveInEmergency: (id, digest, reason) =>
      call.json("POST", `${submission(id)}/emergency-approval`, { digest, reason }),
    openDraft: (id) => call.json("POST", `${submission(id)}/opening`),
    withdrawSubmission: (id, reason) => call.json("POST", `${submission(id)}/withdrawal`, { reason }),
    diffSubmission: (id, query) => call.json("GET", `${submission(id)}/diff${formatQuery(query)}`),
    listComments: async (id) =>
      (await call.json<{ items: Comment[] }>("GET", `${submission(id)}/comments`)).items,
    addComment: (id, comment) => call.json("POST", `${submission(id)}/comments`, comment),
    getRuleRevisions: (query) => call.json("GET", `v1/rules${formatQuery(query)}`),
    getChanges: (feed, release, format) => call.whole(`${one(feed, release)}/changes?format=${format}`),
    getMetrics: async () => new TextDecoder().decode(await call.whole("metrics")),
    listRulesets: async () => (await call.json<{ items: Ruleset[] }>("GET", "v1/rulesets")).items,
    quarantineRule: (ruleset, order) => call.json("POST", `${rules(ruleset)}/quarantine`, order),
    liftQuarantine: (ruleset, order) => call.json("POST", `${rules(ruleset)}/quarantine/release`, order),
    listQuarantine: async () => (await call.json<{ items: Quarantined[] }>("GET", "v1/quarantine")).items,
    listFeeds: async () => (await call.json<{ items: Feed[] }>("GET", "v1/feeds")).items,
    getFeed: (feed) => call.json("GET", `v1/feeds/${encodeURIComponent(feed)}`),
    buildRelease: (feed, body) => call.json("POST", releases(feed), body),
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
    publishRelease: (feed, release) => call.json("POST", `${one(feed, release)}/publication`),
    withdrawRelease: (feed, release, body) => call.json("POST", `${one(feed, release)}/withdrawal`, body),
    openAccessLog: (query) => call.json("GET", `v1/access${formatQuery(query)}`),
    getSources: (sha256) => call.whole("v1/sources", { sha256 }),
    readSource: (sha256) => call.stream(`v1/sources/${sha256}`),
    readPack: (feed, release, name) => call.stream(`${one(feed, release)}/packs/${encodeURIComponent(name)}`),
  };
}

class Call {
  readonly #base: URL;
  readonly #token: string;

  readonly #said: Readonly<Record<string, string>>;

  constructor(server: string, token: string, said: Said) {
    const base = URL.canParse(server) ? new URL(server) : undefined;
    if (base === undefined || !/^https?:$/.test(base.protocol)) {
      throw new UsageError(
        "USAGE",
        `expected the server's address as http(s)://HOST:PORT, got ${quote(server)}`,
      );
    }
    // Said here, because the message of a refused header would repeat the token.
    if (!/^[\x21-\x7e]+$/.test(token)) {
      throw new UsageError(
        "USAGE",
        "expected a token of printable characters without spaces, got another text",
      );
    }
    if (!base.pathname.endsWith("/")) base.pathname += "/";
    this.#base = base;
    this.#token = token;
    this.#said = saidHeaders(said);
  }

  async json<T>(method: "GET" | "POST", path: string, body?: unknown): Promise<T> {
    const init = body === undefined ? {} : posted(body);
    return this.#parse<T>(await this.#send(path, { ...init, method }), path);
  }

  async upload<T>(path: string, chunks: AsyncIterable<Uint8Array>): Promise<T> {
    // A body that is still being made needs `duplex`, which the type of RequestInit does not know yet.
    const init = {
      method: "POST",
      body: chunks as unknown as RequestInit["body"],
      duplex: "half",
      headers: { "Content-Type": "application/x-tar" },
    } as RequestInit;
    return this.#parse<T>(await this.#send(path, init), path);
  }

  async whole(path: string, body?: unknown): Promise<Uint8Array> {
    const response = await this.#send(path, body === undefined ? { method: "GET" } : posted(body));
    return new Uint8Array(await response.arrayBuffer());
  }

  async *stream(path: string): AsyncGenerator<Uint8Array> {
    const response = await this.#send(path, { method: "GET" });
    try {
      for await (const chunk of response.body ?? []) yield chunk as Uint8Array;
    } catch (cause) {
      throw unreachable(this.#base, cause);
    }
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const given = init.headers as Record<string, string>;
    const headers = { ...given, ...this.#said, Authorization: `Bearer ${this.#token}` };
    let response: Response;
    try {
      response = await fetch(new URL(path, this.#base), { ...init, headers, redirect: "error" });
    } catch (cause) {
      // What the body's own source threw is the cause, not the network.
      if (cause instanceof Error && cause.cause instanceof RulemintError) throw cause.cause;
      if (cause instanceof RulemintError) throw cause;
      throw unreachable(this.#base, cause);
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }

  async #parse<T>(response: Response, path: string): Promise<T> {
    try {
      return (await response.json()) as T;
    } catch (cause) {
      throw new OperationError("SERVER_REFUSED", `expected JSON from ${quote(path)}, got other bytes`, {
        cause,
      });
    }
  }
}

function posted(body: unknown): RequestInit {
  return { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}

async function refusal(response: Response): Promise<RulemintError> {
  const type = response.headers.get("content-type") ?? "";
  const problem = type.startsWith("application/problem+json") ? await parseProblem(response) : undefined;
  if (problem === undefined) {
    return new OperationError("SERVER_REFUSED", `expected an answer, got status ${response.status}`);
  }
  const requestID = response.headers.get("x-request-id");
  const details = {
    status: problem.status,
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    ...(problem.submission === undefined ? {} : { submission: problem.submission }),
    ...(problem.where.length === 0 ? {} : whereOf(problem)),
    ...(problem.code === "INTERNAL" && requestID !== null ? { requestID } : {}),
  };
  return errorOf(problem.code, problem.detail, details);
}

function whereOf(problem: Problem): Record<string, unknown> {
  const findings = problem.where.filter((one) => "path" in one);
  const pointers = problem.where.filter((one) => "pointer" in one);
  return {
    ...(findings.length > 0 ? { findings } : {}),
    ...(pointers.length > 0 ? { where: pointers } : {}),
  };
}

/** Undefined for what is no problem document of ours, or one of a later service with a code unknown here. */
async function parseProblem(response: Response): Promise<Problem | undefined> {
  const body: unknown = await response.json().catch(() => undefined);
  const problem = body as Partial<Problem> | undefined;
  const sound =
    isErrorCode(problem?.code) && typeof problem.detail === "string" && Array.isArray(problem.where);
  if (!sound) return undefined;
  return problem as Problem;
}

function unreachable(base: URL, cause: unknown): OperationError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const said =
    inner instanceof Error ? ((inner as NodeJS.ErrnoException).code ?? inner.message) : String(inner);
  return new OperationError("FETCH_FAILED", `expected an answer from ${base.origin}, got ${quote(said)}`, {
    cause,
  });
}

type QueryValue = string | number | boolean | readonly string[] | undefined;

function formatQuery(query: Readonly<Record<string, QueryValue>>): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) given.append(name, String(one));
  }
  return given.size === 0 ? "" : `?${given}`;
}
