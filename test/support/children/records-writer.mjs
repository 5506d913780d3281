// Commits pairs of records and acknowledges each pair after its commit.
import { writeSync } from "node:fs";
import { openPostgresRecords } from "../../../dist/adapters/records/postgres.js";
import { openSQLiteRecords } from "../../../dist/adapters/records/sqlite.js";

const [path, start] = process.argv.slice(2);
const isAddress = path.startsWith("postgresql:");
const records = await (isAddress ? openPostgresRecords({ url: path }) : openSQLiteRecords({ path }));
for (let i = Number(start); ; i++) {
  const number = String(i).padStart(8, "0");
  await records.commit([
    { collection: "pair", id: `left-${number}`, expected: 0, body: { i, filler: "x".repeat(i % 5000) } },
    { collection: "pair", id: `right-${number}`, expected: 0, body: { i, filler: "y".repeat(i % 9000) } },
  ]);
  writeSync(1, `${i + 1}\n`);
}
