/**
 * The service behind its door: a whole desk, the HTTP app with answers held against the contract, a token
 * for each role.
 */
import { randomBytes } from "node:crypto";
import type { RequestListener, Server } from "node:http";
import type { Logger } from "pino";
import { type AppOptions, createApp } from "../../src/http/app.js";
import { advanceFeed } from "../../src/services/advance-release.js";
import { createToken } from "../../src/services/create-token.js";
import type { Identity, Role } from "../../src/services/model.js";
import { ann, ben, type Desk, type DeskOptions, feed, mia, oliver, openDesk } from "../services/desk.js";
import { listen, stop } from "./listen.js";

const ada: Identity = { name: "ada", roles: ["auditor"] };
const people: Readonly<Record<Role, Identity>> = {
  analyst: ann,
  reviewer: ben,
  "release-manager": mia,
  overseer: oliver,
  rebuilder: { name: "rita", roles: ["rebuilder"] },
  auditor: ada,
  monitor: { name: "mona", roles: ["monitor"] },
};

export interface CallOptions {
  /** Whose token; nobody's when absent. */
  readonly as?: Role;
  readonly json?: unknown;
  readonly body?: Uint8Array | string;
  readonly headers?: Record<string, string>;
}

export interface TestService {
  readonly desk: Desk;
  readonly origin: string;
  readonly tokens: Readonly<Record<Role, string>>;
  /** Aborted: answers that wait for something end. */
  readonly stopping: AbortController;
  call(method: string, path: string, options?: CallOptions): Promise<Response>;
  /** Every step that the desk was woken for is done. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface TestServiceOptions extends DeskOptions {
  readonly requestLog?: Logger;
  readonly tsa?: AppOptions["tsa"];
  /** As in production: answers are not checked and faults say nothing. */
  readonly silent?: boolean;
}

export async function openService(options: TestServiceOptions = {}): Promise<TestService> {
  let steps: Promise<unknown> = Promise.resolve();
  const desk = await openDesk({
    ...options,
    wrap: (real) => ({
      ...options.wrap?.(real),
      wake: () => {
        steps = steps.then(() => advanceFeed(desk.context, feed));
      },
    }),
  });
  const tokens = {} as Record<Role, string>;
  for (const [role, identity] of Object.entries(people) as [Role, Identity][]) {
    tokens[role] = await createToken(desk.context, { identity, random: randomBytes(32) });
  }
  const stopping = new AbortController();
  const app = createApp({
    stopping: stopping.signal,
    context: desk.context,
    tsa: options.tsa,
    requestLog: options.requestLog,
    validateResponses: options.silent !== true,
  });
  const { server, origin } = await listen(app as RequestListener);
  return {
    desk,
    origin,
    tokens,
    stopping,
    call: (method, path, call = {}) => fetch(origin + path, requestOf(method, tokens, call)),
    settled: async () => {
      await steps;
    },
    close: () => closeAll(server, desk, () => steps),
  };
}

function requestOf(method: string, tokens: Record<Role, string>, call: CallOptions): RequestInit {
  const headers: Record<string, string> = { ...call.headers };
  if (call.as !== undefined) headers.Authorization = `Bearer ${tokens[call.as]}`;
  if (call.json !== undefined) headers["Content-Type"] = "application/json";
  const body = call.json === undefined ? call.body : JSON.stringify(call.json);
  return { method, headers, body: body as RequestInit["body"] };
}

async function closeAll(server: Server, desk: Desk, steps: () => Promise<unknown>): Promise<void> {
  await stop(server);
  await steps();
  await desk.close();
}
