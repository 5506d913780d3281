/** The service's log: one JSON object a line, on standard error. What could hold a secret is cut out, wherever it stands. */
import { type DestinationStream, type Logger, pino } from "pino";

const secretNames = [
  "authorization",
  "cookie",
  "token",
  "pin",
  "passphrase",
  "password",
  "secret",
  "privateKey",
];
const places = (name: string) => [name, `*.${name}`, `*.*.${name}`, `*.*.*.${name}`];

export function openLog(level: string, destination: DestinationStream = pino.destination(2)): Logger {
  const paths = secretNames.flatMap(places);
  return pino({ level, redact: { paths, censor: "[removed]" }, base: { name: "rulemint" } }, destination);
}
