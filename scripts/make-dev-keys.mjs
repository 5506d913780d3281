// Fills keys-dev/ with a new development PKI. Run once, by hand, after `npm run build`; nothing else ever needs it.
// Existing files are left alone unless --force is given, because every service set up with them would have to be set up again.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createDevelopmentKeys, developmentKeyFiles as files } from "../dist/issuing/development-pki.js";

const folder = fileURLToPath(new URL("../keys-dev/", import.meta.url));
const present = Object.values(files).filter((name) => existsSync(join(folder, name)));
if (present.length > 0 && !process.argv.includes("--force")) {
  console.error(`error: ${present[0]} is there already; --force makes new ones`);
  process.exit(1);
}
mkdirSync(folder, { recursive: true });
const keys = await createDevelopmentKeys(new Date("2026-01-01T00:00:00Z"));
for (const [part, name] of Object.entries(files)) writeFileSync(join(folder, name), keys[part]);
console.log(`wrote ${Object.values(files).length} files to ${folder}`);
