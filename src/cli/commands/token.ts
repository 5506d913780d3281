/** `rulemint token`: tokens that somebody makes for an own program, with fewer roles and an end; shown once. */
import { type Command, InvalidArgumentError } from "commander";
import { deskRoles, type roles as allRoles } from "../../services/model.js";
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
import { formatTable, formatTime } from "../figures.js";

interface Options extends ServiceOptions {
  readonly label: string;
  readonly role?: readonly (typeof allRoles)[number][];
  readonly days: number;
}

export function tokenCreate(noun: Command, doors: CLIDoors): void {
  const command = withDryRun(noun.command("create"))
    .description("make a token with some of one's own roles, and an end; it is shown once")
    .requiredOption("--label <text>", "what it is for")
    .option("--role <role...>", `some of ${deskRoles.join(", ")} (default: all that one has)`)
    .option("--days <number>", "days until it ends", parseDays, 90);
  answers<Options>(command, doors, async (_call, { label, role, days, ...options }) => {
    const order = { label, days, ...(role && { roles: [...role] }) };
    const service = openService(doors, options);
    if (options.dryRun) {
      const { id: _, ...token } = await service.rehearseToken(order);
      return rehearsed(token, `a token ${rightsOf(token)}`);
    }
    const made = await service.createToken(order);
    return done(made, `${made.token}\n\n${made.id}, ${rightsOf(made)}; it is not shown again`);
  });
}

export function tokenList(noun: Command, doors: CLIDoors): void {
  const command = withService(noun.command("list")).description("list one's own tokens, newest first");
  answers<ServiceOptions>(command, doors, async (_call, options) => {
    const items = await openService(doors, options).listTokens();
    const rows = items.map((one) => [
      ...[one.id, one.label, one.roles.join(", "), formatTime(one.createdAt)],
      one.expiresAt === null ? "never" : formatTime(one.expiresAt),
      one.revokedAt === null ? "" : formatTime(one.revokedAt),
    ]);
    return done(items, formatTable(["id", "label", "roles", "made", "ends", "revoked"], rows));
  });
}

export function tokenRevoke(noun: Command, doors: CLIDoors): void {
  const command = withDryRun(noun.command("revoke"))
    .description("end a token of one's own, and those that were made with it")
    .argument("<id>", "token, for example t-0123456789abcdef");
  answers<ServiceOptions>(command, doors, async (_call, options, [id = ""]) => {
    const revoked = await openService(doors, options).revokeToken(id, options);
    if (options.dryRun) return rehearsed(revoked, `${id} is revoked`);
    return done(revoked, `${id} is revoked`);
  });
}

function rightsOf({
  roles,
  expiresAt,
}: {
  readonly roles: readonly string[];
  readonly expiresAt: string | null;
}) {
  return `for ${roles.join(", ")}, until ${formatTime(expiresAt ?? "")}`;
}

function parseDays(text: string): number {
  const days = Number(text);
  if (/^[0-9]{1,3}$/.test(text) && days >= 1 && days <= 366) return days;
  throw new InvalidArgumentError("expected days from 1 to 366");
}
