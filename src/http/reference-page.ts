/** The contract as one page for people: made from openapi.yaml itself, without a script, and without loading anything. */
import { parse } from "yaml";

type Node = Readonly<Record<string, unknown>>;
const methods = ["get", "post", "put", "patch", "delete"] as const;

export function referencePage(yaml: string): string {
  const contract = parse(yaml, { merge: true }) as Node;
  const info = node(contract.info);
  const tags = list(contract.tags).map(node);
  const operations = Object.entries(node(contract.paths)).flatMap(([path, item]) =>
    methods.flatMap((method) =>
      node(item)[method] === undefined ? [] : [{ path, method, ...parts(node(item), method) }],
    ),
  );
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => list(operation.tags).includes(tag.name));
    return `<section><h2 id="${html(tag.name)}">${html(tag.name)}</h2><p>${html(tag.description)}</p>${own.map((one) => operationHTML(contract, one)).join("")}</section>`;
  });
  const links = tags.map(({ name }) => `<a href="#${html(name)}">${html(name)}</a>`).join(" · ");
  const schemas = Object.entries(node(node(contract.components).schemas)).map(
    ([name, schema]) =>
      `<details id="schema-${html(name)}"><summary>${html(name)}</summary><pre>${schemaText(schema)}</pre></details>`,
  );
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${html(info.title)}: reference</title><style>${style}</style></head><body><h1>${html(info.title)}</h1>` +
    `<p>${html(info.summary)}</p><p>${html(info.description)}</p><p><a href="/openapi.yaml">openapi.yaml</a></p>` +
    `<nav>${links} · <a href="#schemas">schemas</a></nav>${sections.join("")}` +
    `<section><h2 id="schemas">schemas</h2>${schemas.join("")}</section></body></html>\n`
  );
}

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly operation: Node;
  readonly parameters: readonly unknown[];
}

function parts(item: Node, method: string): { operation: Node; parameters: unknown[] } {
  const operation = node(item[method]);
  return { operation, parameters: [...list(item.parameters), ...list(operation.parameters)] };
}

function operationHTML(contract: Node, { path, method, operation, parameters }: Operation): string {
  const rows = parameters.map((one) => {
    const parameter = resolved(contract, one);
    const needed = parameter.required === true ? "needed" : "";
    return `<tr><td><code>${html(parameter.name)}</code></td><td>${html(parameter.in)}</td><td>${needed}</td><td>${html(parameter.description)} <code>${schemaText(parameter.schema)}</code></td></tr>`;
  });
  const content = Object.entries(node(node(operation.requestBody).content));
  const body = content.map(
    ([type, value]) => `<p>Body, ${html(type)}</p><pre>${schemaText(node(value).schema)}</pre>`,
  );
  const answers = Object.entries(node(operation.responses)).map(([status, value]) => {
    const answer = resolved(contract, value);
    const types = Object.entries(node(answer.content)).map(
      ([type, one]) => `${html(type)} ${schemaText(node(one).schema)}`,
    );
    return `<li><b>${html(status)}</b> ${html(answer.description)} <code>${types.join(", ")}</code></li>`;
  });
  const table = rows.length === 0 ? "" : `<table>${rows.join("")}</table>`;
  return (
    `<article id="${html(operation.operationId)}"><h3><code>${method.toUpperCase()} ${html(path)}</code></h3>` +
    `<p><b>${html(operation.summary)}</b></p><p>${html(operation.description)}</p>${table}${body.join("")}<ul>${answers.join("")}</ul></article>`
  );
}

/** References lead to where the schema stands on this page. */
function schemaText(schema: unknown): string {
  const found = node(schema);
  if (typeof found.$ref === "string") {
    const name = html(found.$ref.split("/").at(-1));
    return `<a href="#schema-${name}">${name}</a>`;
  }
  const text = html(JSON.stringify(schema, null, 1) ?? "");
  return text.replace(
    /\{\s*&quot;\$ref&quot;: &quot;#\/components\/schemas\/(\w+)&quot;\s*\}/g,
    '<a href="#schema-$1">$1</a>',
  );
}

function resolved(contract: Node, value: unknown): Node {
  const found = node(value);
  if (typeof found.$ref !== "string") return found;
  return found.$ref
    .slice(2)
    .split("/")
    .reduce((at: Node, name) => node(at[name]), contract);
}

function node(value: unknown): Node {
  return typeof value === "object" && value !== null ? (value as Node) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function html(value: unknown): string {
  const named: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return String(value ?? "").replace(/[&<>"]/g, (one) => named[one] as string);
}

const style =
  "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:65rem;padding:0 1rem;color:#1b1b1f;background:#fff}" +
  "nav{position:sticky;top:0;background:#fff;padding:.5rem 0;border-bottom:1px solid #ddd}article{border-top:1px solid #eee;margin-top:1.5rem}" +
  "table{border-collapse:collapse}td{vertical-align:top;padding:.2rem .6rem;border-bottom:1px solid #eee}" +
  "pre{background:#f6f6f8;padding:.6rem;overflow-x:auto;font-size:13px}code{font-size:13px}summary{cursor:pointer}";
