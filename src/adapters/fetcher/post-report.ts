/** Reports over http and https, each by a connection (and a TLS session) of its own, directly or through the owner's proxy. SPEC §16.5.10 */
import type { Dispatcher } from "undici";
import type { ReportAnswer, ReportSender } from "../../ports/report-sender.js";
import { type ConnectionOptions, openConnections } from "./connections.js";

export interface ReportSenderOptions extends ConnectionOptions {
  /** Connection, TLS, answer. */
  readonly timeoutMs?: number;
}

/** `options`: for the settings of this minute, which the owner may change at any time. */
export function httpReportSender(options: () => Promise<ReportSenderOptions>): ReportSender {
  return {
    async send(url, body) {
      const { timeoutMs = 10_000, ...ways } = await options();
      const connections = openConnections(ways, timeoutMs);
      try {
        const target = new URL(url);
        const signal = AbortSignal.timeout(timeoutMs);
        return answerOf(await connections.for(target).request({ ...reportRequest(target, body), signal }));
      } catch (cause) {
        return failureOf(cause);
      } finally {
        // With the connection goes whatever the server is still sending.
        await connections.close();
      }
    },
  };
}

/** No cookie, no ETag, no version, no name; `reset` asks for the connection to be closed. */
function reportRequest(url: URL, body: Uint8Array): Dispatcher.RequestOptions {
  const headers = { "user-agent": "rulemint", "content-type": "application/json" };
  return { method: "POST", origin: url.origin, path: url.pathname, headers, body, reset: true };
}

/** What goes over a direct connection, byte for byte: for the owner to read beforehand. */
export function reportRequestText(url: string, body: Uint8Array): string {
  const { host, pathname } = new URL(url);
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${host}`,
    "connection: close",
    "user-agent: rulemint",
    "content-type: application/json",
    `content-length: ${body.length}`,
  ];
  return `${head.join("\r\n")}\r\n\r\n${new TextDecoder().decode(body)}`;
}

function answerOf({ statusCode: status, headers, body }: Dispatcher.ResponseData): ReportAnswer {
  body.on("error", () => undefined);
  body.destroy();
  if (status >= 200 && status < 300) return { kind: "taken" };
  if (status !== 429 && status !== 503) return { kind: "refused", status };
  const retryAfter = headers["retry-after"];
  return { kind: "later", ...(typeof retryAfter === "string" && { retryAfter }) };
}

/** Of no such host, nobody there, no way there, no trust in who is there: nothing was sent. */
const notSent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|.*CERT.*)$/;

function failureOf(cause: unknown): ReportAnswer {
  const { code } = cause as { code?: unknown };
  return { kind: typeof code === "string" && notSent.test(code) ? "later" : "unknown" };
}
