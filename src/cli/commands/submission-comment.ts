/** `rulemint submission comment` and `comments`: what people say about a submission. */
import { type Command, InvalidArgumentError } from "commander";
import type { Comment } from "../api-client.js";
import {
  answers,
  done,
  openService,
  rehearsed,
  type ServiceOptions,
  withDryRun,
  withService,
} from "../command.js";
import type { CLIDoors } from "../doors.js";
import { formatTime } from "../figures.js";

interface Options extends ServiceOptions {
  readonly path?: string;
  readonly line?: number;
}

export function submissionComment(noun: Command, doors: CLIDoors): void {
  const command = withDryRun(noun.command("comment"))
    .description("say something about a submission, a file or a line of it")
    .argument("<id>", "submission")
    .argument("<text>", "what to say")
    .option("--path <path>", "file of the submission")
    .option("--line <number>", "line of the file", parseLine);
  answers<Options>(command, doors, async (_call, { path, line, ...options }, [id = "", text = ""]) => {
    const comment = await openService(doors, options).addComment(id, { text, path, line }, options);
    if (options.dryRun) return rehearsed(comment, describeComment(comment));
    return done(comment, describeComment(comment));
  });
}

export function submissionComments(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("comments"))
    .description("show what people said about a submission")
    .argument("<id>", "submission");
  answers<ServiceOptions>(command, doors, async (_call, options, [id = ""]) => {
    const comments = await openService(doors, options).listComments(id);
    return done(comments, comments.length === 0 ? "no comments" : comments.map(describeComment).join("\n\n"));
  });
}

function describeComment({ by, at, path, line, text }: Comment): string {
  const place = path === null ? "" : `, ${path}${line === null ? "" : `:${line}`}`;
  return `${by}, ${formatTime(at)}${place}\n  ${text.trim().replace(/\r?\n/g, "\n  ")}`;
}

function parseLine(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a line number");
}
