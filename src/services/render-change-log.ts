/** A change log as Markdown and as one HTML page that loads nothing. Ids and messages are other people's text: nothing of them becomes markup. */
import { codeSpan } from "../core/release/rule-changes.js";
import type { ChangeLog, LoggedChange } from "./change-log.js";

const words = { added: "Added", changed: "Changed", moved: "Moved", removed: "Removed" } as const;
type Word = keyof typeof words;

export function changeLogMarkdown(log: ChangeLog): string {
  const lines = [`# ${titleOf(log)}`, "", `${summaryOf(log)}`, ""];
  if (log.reason !== "") lines.push(`Reason: ${plain(log.reason)}`, "");
  for (const [kind, changes] of byKind(log)) {
    lines.push(`## ${kind}`, "");
    for (const [word, some] of byWord(changes)) {
      lines.push(
        `### ${words[word]}`,
        "",
        ...some.map((one) => `- ${codeSpan(one.id)} ${plain(whoAndWhy(one))}`),
        "",
      );
    }
  }
  if (log.cut) lines.push(`Only the first ${log.changes.length} changes are listed.`, "");
  return lines.join("\n");
}

export function changeLogPage(log: ChangeLog): string {
  const sections = byKind(log).map(([kind, changes]) => {
    const rows = changes.map(
      (one) =>
        `<tr class="${one.change}"><td>${words[one.change]}</td><td><code>${html(one.id)}</code></td>` +
        `<td>${html(one.ruleset)}<br><small>${html(placeOf(one))}</small></td><td>${html(one.by)}</td>` +
        `<td>${html(one.approvedBy)}</td><td>${html(one.why)}</td></tr>`,
    );
    const head = ["", "rule", "ruleset", "by", "approved by", "why"]
      .map((text) => `<th>${text}</th>`)
      .join("");
    return `<h2>${kind}</h2><table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
  });
  const reason = log.reason === "" ? "" : `<p>Reason: ${html(log.reason)}</p>`;
  const cut = log.cut ? `<p>Only the first ${log.changes.length} changes are listed.</p>` : "";
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${html(titleOf(log))}</title>` +
    `<style>${style}</style></head><body><h1>${html(titleOf(log))}</h1><p>${html(summaryOf(log))}</p>` +
    `${reason}${sections.join("")}${cut}</body></html>\n`
  );
}

const style =
  "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1b1f;background:#fff}" +
  "table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ddd}" +
  "code{overflow-wrap:anywhere}.added td:first-child{color:#0a6b2b}.removed td:first-child{color:#a11}";

function titleOf({ feed, release, previous }: ChangeLog): string {
  const since = previous === null ? "the first release" : `since release ${previous}`;
  return `Release ${release} of feed ${feed}, ${since}`;
}

function summaryOf({ totals, createdAt, createdBy, restores }: ChangeLog): string {
  const counts = (Object.keys(words) as Word[]).map((word) => `${totals[word]} ${word}`).join(", ");
  const back = restores === null ? "" : `; brings back release ${restores}`;
  return `${counts}; built by ${createdBy}, ${createdAt}${back}`;
}

function byKind(log: ChangeLog): [string, LoggedChange[]][] {
  return [...new Set(log.changes.map(({ kind }) => kind))].map((kind) => [
    kind,
    log.changes.filter((one) => one.kind === kind),
  ]);
}

function byWord(changes: readonly LoggedChange[]): [Word, LoggedChange[]][] {
  return (Object.keys(words) as Word[])
    .map((word): [Word, LoggedChange[]] => [word, changes.filter(({ change }) => change === word)])
    .filter(([, some]) => some.length > 0);
}

function whoAndWhy({ ruleset, by, approvedBy, why, submission }: LoggedChange): string {
  const approved = approvedBy === "" ? "" : `, approved by ${approvedBy}`;
  return `in ${ruleset}, by ${by}${approved} (${submission})${why === "" ? "" : `: ${why}`}`;
}

function placeOf({ before, after }: LoggedChange): string {
  const at = after ?? before;
  return at === null ? "" : `${at.path}:${at.firstLine}`;
}

/** Markdown's own characters, line ends and controls say nothing here. */
function plain(text: string): string {
  return text.replace(/[\p{C}\s]+/gu, " ").replace(/[\\`*_{}[\]()#+!|<>~-]/g, "\\$&");
}

function html(text: string): string {
  const named: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (one) => named[one] as string).replace(/\p{Cc}/gu, "\ufffd");
}
