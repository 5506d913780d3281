/** Completion for bash, as one function that needs nothing but bash 4. */
import type { CommandWords, ValueKind } from "./words.js";

export function bashCompletion(all: readonly CommandWords[]): string {
  const below = all.filter(({ path }) => path.includes(" ")).map(({ path }) => `      ${quoted(path)}`);
  return `# Completion of rulemint for bash: eval "$(rulemint completion bash)"
_rulemint() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path=rulemint i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
${below.join(" | \\\n")}) path="$path \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path $prev" in
${all.flatMap(values).join("\n")}
  esac
  case "$path" in
${all.map(words).join("\n")}
  esac
}
_rulemint_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
_rulemint_names() { compopt -o filenames 2>/dev/null || :; mapfile -t COMPREPLY < <(compgen "$1" -- "$cur"); }
complete -F _rulemint rulemint
`;
}

function values({ path, options }: CommandWords): string[] {
  return options.flatMap(({ name, value }) =>
    value === undefined ? [] : [`    ${quoted(`${path} ${name}`)}) ${offer(value)}; return ;;`],
  );
}

function words({ path, commands, options, operands }: CommandWords): string {
  const names = [...commands, ...options].map(({ name }) => name).join(" ");
  const typed = operands === "anything" ? "" : `if [[ $cur != -* ]]; then ${offer(operands)}; return; fi; `;
  return `    ${quoted(path)}) ${typed}_rulemint_words ${quoted(names)} ;;`;
}

function offer(value: ValueKind): string {
  if (value === "anything") return ":";
  if (value === "file") return "_rulemint_names -f";
  return value === "folder" ? "_rulemint_names -d" : `_rulemint_words ${quoted(value.join(" "))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
