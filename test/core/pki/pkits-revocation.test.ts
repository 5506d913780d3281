/**
 * NIST PKITS, every end entity, path and revocation together: all certificates and all lists of the suite lie in one heap, and the
 * right ones must be found. Read in place; said plainly when absent. Among the lies: no data, old data, revoked, signed by others
 * (SPEC §6.8.2, §6.8.3, §6.8.4, §6.8.7).
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { RulemintError } from "../../../src/core/errors.js";
import { type Certificate, parseCertificate } from "../../../src/core/pki/certificate.js";
import { parseCRL, type RevocationList } from "../../../src/core/pki/crl.js";
import { verifyPath } from "../../../src/core/pki/path.js";
import { verifyNotRevoked } from "../../../src/core/pki/revocation.js";

const archive = fileURLToPath(new URL("../../../../shared/vectors/pkits.tar.gz", import.meta.url));
if (!existsSync(archive)) console.warn(`${archive} is not there: PKITS was not tried`);

/** The issuer of this list is vouched for by the very list that it signs. Nobody vouches for himself here. */
const refusedOnPurpose = ["ValidcRLIssuerTest30EE"];

/** Sections 4.4 (basic revocation), 4.14 (distribution points) and 4.15 (deltas), by the names of their end entities. */
const revocationTests =
  /CRL|cRL|distributionPoint|issuingDistributionPoint|onlyContains|onlySomeReasons|deltaCRL|RevokedCATest|RevokedEETest|SerialNumber|SeparateCertificate/;

function readable<T>(read: (bytes: Uint8Array) => T, path: string): T[] {
  try {
    return [read(Uint8Array.from(readFileSync(path)))];
  } catch (cause) {
    if (cause instanceof RulemintError) return [];
    throw cause;
  }
}

describe.runIf(existsSync(archive))("NIST PKITS", () => {
  it("revocation sections 4.4, 4.14, 4.15: nothing accepted that should be refused, false refusals by name", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rulemint-pkits-"));
    try {
      execFileSync("tar", ["-xzf", archive, "-C", folder, "PKITS_data/certs", "PKITS_data/crls"]);
      const inside = (name: string) => join(folder, "PKITS_data", name);
      const files = readdirSync(inside("certs"));
      const pool = files.flatMap((file) => readable(parseCertificate, inside(`certs/${file}`)));
      const lists = readdirSync(inside("crls")).flatMap((file) => readable(parseCRL, inside(`crls/${file}`)));
      const [anchor] = readable(parseCertificate, inside("certs/TrustAnchorRootCertificate.crt"));
      const wrong: string[] = [];
      const entities = files.filter(
        (file) => /^(Valid|Invalid).*EE\.crt$/.test(file) && revocationTests.test(file),
      );
      for (const file of entities) {
        const name = file.slice(0, -4);
        const verdict = await judge(
          readFileSync(inside(`certs/${file}`)),
          pool,
          lists,
          anchor as Certificate,
        );
        if ((verdict === "accepted") !== name.startsWith("Valid")) wrong.push(name);
      }
      console.log(`PKITS revocation: ${entities.length - wrong.length} of ${entities.length} as expected`);
      expect(wrong).toEqual(refusedOnPurpose);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

async function judge(
  bytes: Uint8Array,
  pool: readonly Certificate[],
  lists: readonly RevocationList[],
  anchor: Certificate,
): Promise<string> {
  const now = new Date("2026-06-01T00:00:00Z");
  const rules = { purpose: undefined, at: now, anchors: [anchor], rsaBitsMin: 2048, lengthMax: 8 };
  try {
    const leaf = parseCertificate(Uint8Array.from(bytes));
    const path = await verifyPath(leaf, pool, rules);
    await verifyNotRevoked({
      ...{
        path,
        purpose: undefined,
        at: now,
        now,
        lists,
        responses: [],
        pool,
        as: "signer",
        rsaBitsMin: 2048,
      },
      policy: {
        required: true,
        leafDaysMax: 400_000,
        authorityDaysMax: 400_000,
        keyCompromise: "from-its-date",
      },
    });
    return "accepted";
  } catch (cause) {
    if (cause instanceof RulemintError) return cause.code;
    throw cause;
  }
}
