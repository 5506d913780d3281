/** `rulemint pki verify`: one certificate on a path to pinned anchors. Like `openssl verify`, but strict. */
import type { Command } from "commander";
import { UsageError } from "../../core/errors.js";
import { answers, parseTime } from "../command.js";
import type { CLIDoors, PKIVerifyOptions } from "../doors.js";

type Options = Omit<
  PKIVerifyOptions,
  "at" | "leaf" | "acceptable" | "explicit" | "crls" | "ocsp" | "intermediates"
> & {
  readonly time?: string;
  readonly crls?: string[];
  readonly ocsp?: string[];
  readonly intermediates?: string[];
  readonly policyOid?: string[];
  readonly explicitPolicy?: boolean;
  readonly sealPolicy?: string[];
  readonly sealPurpose?: string[];
};

export function pkiVerify(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("verify")
    .description("judge a certificate: profile, path, names, policies, revocation")
    .argument("<leaf>", "certificate, PEM or DER; in PEM, intermediates may follow it")
    .requiredOption("--anchors <files...>", "pinned anchors, PEM or DER")
    .option("--intermediates <files...>", "certificates that may help to find the path")
    .option(
      "--crls <files...>",
      "revocation lists; when given, every certificate of the path must be covered",
    )
    .option("--ocsp <files...>", "OCSP responses, DER; as for lists, every certificate must be covered")
    .option("--time <time>", "judge as of this time, ISO 8601 (default: now)", parseTime)
    .option(
      "--purpose <purpose>",
      "code-signing, regulated-seal, time-stamping, server, client, or an object identifier",
      "code-signing",
    )
    .option("--policy-oid <oids...>", "certificate policies of which one must hold along the path")
    .option("--explicit-policy", "some policy must hold along the path")
    .option("--seal-policy <oids...>", "how policies for regulated seals begin")
    .option("--seal-purpose <oids...>", "extended key usages that a seal may have");
  answers<Options>(command, doors, (_call, options, [leaf]) => {
    const { purpose, sealPolicy = [], sealPurpose = [] } = options;
    if (purpose === "regulated-seal" && sealPolicy.length === 0) {
      throw new UsageError("USAGE", "expected --seal-policy with the purpose regulated-seal");
    }
    return doors.pkiVerify({
      ...{ leaf: leaf as string, anchors: options.anchors, purpose },
      ...{ intermediates: options.intermediates ?? [], crls: options.crls ?? [], ocsp: options.ocsp ?? [] },
      ...(options.time !== undefined && { at: new Date(options.time) }),
      ...{ acceptable: options.policyOid ?? [], explicit: options.explicitPolicy === true },
      ...{ sealPolicies: sealPolicy, sealPurposes: sealPurpose },
    });
  });
}
