/** The contract, as it is and as a page: `/openapi.yaml` and `/docs`. For everybody; it says nothing that the program's source does not. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { RequestHandler } from "express";
import { referencePage } from "./reference-page.js";

export const contractPath = fileURLToPath(new URL("../../openapi.yaml", import.meta.url));

export function serveReference(): RequestHandler {
  let page: string | undefined;
  return (request, response, next) => {
    if (request.method !== "GET" && request.method !== "HEAD") return next();
    if (request.path === "/openapi.yaml") {
      response.type("application/yaml").sendFile(contractPath);
      return;
    }
    if (request.path !== "/docs") return next();
    page ??= referencePage(readFileSync(contractPath, "utf8"));
    // One style sheet inside the page, and nothing else runs or loads.
    response.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'");
    response.type("text/html").send(page);
  };
}
