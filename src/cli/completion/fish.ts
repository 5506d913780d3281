/** Completion for fish: one line for each word. */
import type { CommandWords, ValueKind } from "./words.js";

export function fishCompletion(all: readonly CommandWords[]): string {
  const below = all.filter(({ path }) => path.includes(" ")).map(({ path }) => quoted(path));
  return `# Completion of rulemint for fish: rulemint completion fish | source
set -g __rulemint_paths ${below.join(" ")}
function __rulemint_at
    set -l at rulemint
    for word in (commandline -opc)[2..]
        contains -- "$at $word" $__rulemint_paths; and set at "$at $word"
    end
    test "$at" = "$argv[1]"
end
complete -c rulemint -f
${all.flatMap(linesOf).join("\n")}
`;
}

function linesOf({ path, commands, options, operands }: CommandWords): string[] {
  const line = `complete -c rulemint -n ${quoted(`__rulemint_at ${quoted(path)}`)}`;
  return [
    ...commands.map(({ name, description }) => `${line} -a ${quoted(name)} -d ${quoted(description)}`),
    ...options.map(({ name, description, value }) => {
      const follows = value === undefined ? "" : ` ${offer(value)}`;
      return `${line} -l ${quoted(name.slice(2))} -d ${quoted(description)}${follows}`;
    }),
    ...(operands === "anything" ? [] : [`${line} ${offer(operands).replace(/^-r ?/, "")}`]),
  ];
}

function offer(value: ValueKind): string {
  if (value === "anything") return "-x";
  if (value === "file") return "-r -F";
  return value === "folder" ? "-x -a '(__fish_complete_directories)'" : `-x -a ${quoted(value.join(" "))}`;
}

/** Inside single quotes fish knows two escapes. */
function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
