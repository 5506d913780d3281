/** Completion for zsh: `_rulemint` on the fpath, or evaluated after compinit. */
import type { CommandWords, ValueKind } from "./words.js";

export function zshCompletion(all: readonly CommandWords[]): string {
  const below = all.filter(({ path }) => path.includes(" ")).map(({ path }) => quoted(path));
  return `#compdef rulemint
# Completion of rulemint for zsh: eval "$(rulemint completion zsh)" after compinit
_rulemint() {
  local at=rulemint i
  local -a commands options
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      (${below.join("|")}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${all.flatMap(values).join("\n")}
  esac
  case "$at" in
${all.map(words).join("\n")}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe -o option options
  elif (( \${#commands} )); then
    _describe command commands
  fi
}
if [[ $funcstack[1] == _rulemint ]]; then _rulemint "$@"; else compdef _rulemint rulemint; fi
`;
}

function values({ path, options }: CommandWords): string[] {
  return options.flatMap(({ name, value }) =>
    value === undefined ? [] : [`    (${quoted(`${path} ${name}`)}) ${offer(value)}; return ;;`],
  );
}

function words({ path, commands, options, operands }: CommandWords): string {
  const list = (items: readonly { name: string; description: string }[]) =>
    items.map(({ name, description }) => quoted(`${name}:${description}`)).join(" ");
  const typed =
    operands === "anything" ? "" : ` [[ \${words[CURRENT]} != -* ]] && { ${offer(operands)}; return };`;
  return `    (${quoted(path)})${typed} commands=(${list(commands)}); options=(${list(options)}) ;;`;
}

function offer(value: ValueKind): string {
  if (value === "anything") return "_message value";
  if (value === "file") return "_files";
  return value === "folder" ? "_files -/" : `compadd -- ${value.map(quoted).join(" ")}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
