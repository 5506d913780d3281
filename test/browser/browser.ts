/** Debian's Chromium on a fresh profile, and the one origin that it visits: the built core as plain files, under a strict policy. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { listen, stop } from "../support/listen.js";

const executablePath = "/usr/bin/chromium";
export const haveChromium = existsSync(executablePath);
if (!haveChromium) console.warn("chromium is not installed: nothing was verified in a browser");

export const repository = fileURLToPath(new URL("../../", import.meta.url));

export function launch(): Promise<Browser> {
  const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", ...quiet];
  return chromium.launch({ executablePath, args });
}

/** What core and the codec import by a bare name, and the files of it that a browser takes. */
const importMap = JSON.stringify({
  imports: {
    yaml: "/node_modules/yaml/browser/index.js",
    "zstd-codec/lib/zstd-codec-binding-wasm.js": "/zstd-codec.mjs",
  },
});
const page = `<!doctype html><meta charset="utf-8"><title>core</title><script type="importmap">${importMap}</script>`;

/**
 * `/` takes scripts of this origin and the import map; nothing inline, nothing evaluated. The binding of zstd-codec evaluates text to
 * name its functions and fetches its own code from a `data:` address, so whoever unpacks a database needs `/unpacking`.
 */
const scripts = `script-src 'self' 'sha256-${createHash("sha256").update(importMap).digest("base64")}'`;
const strict = "default-src 'none'; connect-src 'self' http://127.0.0.1:*";
const policies: Record<string, string> = {
  "/": `${strict}; ${scripts}`,
  "/unpacking": `${strict} data:; ${scripts} 'unsafe-eval'`,
};

const folders = ["dist", "node_modules/yaml/browser", "test/vectors", "test/browser"];
const types: Record<string, string> = { js: "text/javascript", mjs: "text/javascript" };

export interface Origin {
  readonly url: string;
  /** More files, by path. */
  readonly files: Map<string, Uint8Array>;
  close(): Promise<void>;
}

export async function openOrigin(): Promise<Origin> {
  const files = new Map<string, Uint8Array>();
  files.set("/zstd-codec.mjs", new TextEncoder().encode(codecModule()));
  const { server, origin } = await listen((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://origin");
    const policy = policies[pathname];
    if (policy !== undefined) {
      const headers = { "content-type": "text/html", "content-security-policy": policy };
      return void response.writeHead(200, headers).end(page);
    }
    const bytes = files.get(pathname) ?? readPublic(pathname);
    if (bytes === undefined) return void response.writeHead(404).end();
    const type = types[pathname.slice(pathname.lastIndexOf(".") + 1)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type }).end(bytes);
  });
  return { url: origin, files, close: () => stop(server) };
}

function readPublic(pathname: string): Uint8Array | undefined {
  const path = normalize(pathname).slice(1);
  if (!folders.some((folder) => path.startsWith(`${folder}/`))) return undefined;
  const file = join(repository, path);
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file) : undefined;
}

/** The binding is CommonJS: the same text, with what it exports as the default. */
function codecModule(): string {
  const source = readFileSync(
    join(repository, "node_modules/zstd-codec/lib/zstd-codec-binding-wasm.js"),
    "utf8",
  );
  return `const module = { exports: {} };\nconst exports = module.exports;\n${source}\nexport default module.exports;\n`;
}
