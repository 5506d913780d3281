/** Tag `releases` of openapi.yaml. */
import type { Response, Router } from "express";
import { feedName, releaseNumber } from "../../core/brands.js";
import type { JSONObject } from "../../core/encoding/json.js";
import { buildRelease } from "../../services/build-release.js";
import type { ServiceContext } from "../../services/context.js";
import type { ReleaseRecord } from "../../services/model.js";
import { publishRelease } from "../../services/publish-release.js";
import {
  openManifest,
  openPack,
  openProvenance,
  type ReleaseName,
  readReleaseSources,
  showRelease,
} from "../../services/read-releases.js";
import { addRebuildVerdict, listRebuildVerdicts } from "../../services/rebuild-verdicts.js";
import { recordVerdict } from "../../services/record-verdict.js";
import { withdrawRelease } from "../../services/withdraw-release.js";
import { identityOf } from "../authenticate.js";
import { answerMade, stageOf } from "../dry-run.js";
import { sendBytes } from "../send-bytes.js";
import { pageOf, place } from "../page-of.js";
import { newRoutes } from "./routes.js";

type Params = { readonly feed: string; readonly release: string };

interface BuildBody {
  readonly reason?: string;
  readonly renew?: boolean;
  readonly waive?: readonly string[];
}

interface VerdictBody {
  readonly result: "PASSED" | "FAILED";
  readonly explanation: string;
  readonly keyid?: string;
  readonly signature?: string;
}

interface RebuildBody {
  readonly publicKey: string;
  readonly envelope: JSONObject;
}

interface WithdrawalBody {
  readonly to?: number;
  readonly reason: string;
}

const all = "/v1/feeds/:feed/releases";
const one = `${all}/:release`;

export function releaseRoutes(context: ServiceContext): Router {
  const routes = newRoutes();
  addReading(routes, context);
  routes.post(all, async (request, response) => {
    const { reason, renew, waive } = request.body as BuildBody;
    const order = { feed: feedName(request.params.feed), reason, renew, waive };
    const built = await buildRelease(stageOf(context, request), identityOf(response), order);
    await answerMade(context, request, response, { status: 202, path: pathOf(built), body: built });
  });
  routes.post(`${one}/verdicts`, async (request, response) => {
    const verdict = { ...nameOf(request.params), ...(request.body as VerdictBody) };
    answer(response, 201, await recordVerdict(context, identityOf(response), verdict));
  });
  routes.post(`${one}/attestations`, async (request, response) => {
    const { publicKey, envelope } = request.body as RebuildBody;
    const verdict = { ...nameOf(request.params), publicKey, envelope };
    response.status(201).json(await addRebuildVerdict(context, identityOf(response), verdict));
  });
  routes.post(`${one}/publication`, async (request, response) => {
    const name = nameOf(request.params);
    const asked = await publishRelease(stageOf(context, request), identityOf(response), name);
    const made = { status: 202, path: pathOf(asked), body: asked, named: false } as const;
    await answerMade(context, request, response, made);
  });
  routes.post(`${one}/withdrawal`, async (request, response) => {
    const { to, reason } = request.body as WithdrawalBody;
    const order = { ...nameOf(request.params), to: to === undefined ? undefined : releaseNumber(to), reason };
    const built = await withdrawRelease(stageOf(context, request), identityOf(response), order);
    await answerMade(context, request, response, { status: 202, path: pathOf(built), body: built });
  });
  return routes;
}

function addReading(routes: Router, context: ServiceContext): void {
  routes.get(one, async (request, response) => {
    response.json(await showRelease(context, identityOf(response), nameOf(request.params)));
  });
  routes.get(`${one}/sources`, async (request, response) => {
    response.json(await readReleaseSources(context, identityOf(response), nameOf(request.params)));
  });
  routes.get(`${one}/attestations`, async (request, response) => {
    const verdicts = await listRebuildVerdicts(context, identityOf(response), nameOf(request.params));
    response.json(pageOf(request, verdicts, place));
  });
  routes.get(`${one}/provenance`, async (request, response) => {
    const file = await openProvenance(context, identityOf(response), nameOf(request.params));
    await sendBytes(request, response, file);
  });
  routes.get(`${one}/manifest`, async (request, response) => {
    const file = await openManifest(context, identityOf(response), nameOf(request.params));
    await sendBytes(request, response, file);
  });
  routes.get(`${one}/packs/:name`, async (request, response) => {
    const pack = { ...nameOf(request.params), name: request.params.name };
    await sendBytes(request, response, await openPack(context, identityOf(response), pack));
  });
}

function nameOf({ feed, release }: Params): ReleaseName {
  return { feed: feedName(feed), release: releaseNumber(Number(release)) };
}

/** With the address of the release, which may be a new one. */
function answer(response: Response, status: number, record: ReleaseRecord): void {
  response.location(pathOf(record)).status(status).json(record);
}

const pathOf = ({ feed, release }: ReleaseRecord): string => `/v1/feeds/${feed}/releases/${release}`;
