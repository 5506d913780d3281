/** `rulemint pki verify-cms`: a detached signature with its time-stamp, as an endpoint judges it. */
import { type Command, Option } from "commander";
import { UsageError } from "../../core/errors.js";
import { answers, parseTime } from "../command.js";
import type { CLIDoors } from "../doors.js";

interface Options {
  readonly content: string;
  readonly signature: string;
  readonly anchors?: string[];
  readonly tsaAnchors?: string[];
  readonly crls?: string[];
  readonly ocsp?: string[];
  readonly time?: string;
  readonly policy?: string;
  readonly withoutRevocation?: boolean;
  readonly organization?: string;
  readonly organizationIdentifier?: string;
  readonly profile: "code-signing" | "regulated-seal";
  readonly sealPolicy?: string[];
  readonly sealPurpose?: string[];
}

export function pkiVerifyCMS(noun: Command, doors: CLIDoors): void {
  const command = noun
    .command("verify-cms")
    .description("judge a detached CMS signature and its time-stamp over a file")
    .requiredOption("--content <file>", "what was signed")
    .requiredOption("--signature <file>", "the signature (.p7s), DER or PEM")
    .option("--anchors <files...>", "pinned anchors of the signer, PEM or DER")
    .option("--tsa-anchors <files...>", "pinned anchors of the time-stamp authority")
    .option("--crls <files...>", "revocation lists beside those in the signature")
    .option("--ocsp <files...>", "OCSP responses beside those in the signature, DER")
    .option("--time <time>", "judge as of this time, ISO 8601 (default: now)", parseTime)
    .option("--policy <path>", "signature policy; it stands for all options below and both kinds of anchors")
    .option("--without-revocation", "accept where nothing is known about revocation; what is known counts")
    .option("--organization <name>", "the signer's organisation, exactly")
    .option("--organization-identifier <id>", "the signer's NTRCH-CHE-123.456.789")
    .addOption(
      new Option("--profile <profile>", "what the signer's certificate is")
        .choices(["code-signing", "regulated-seal"])
        .default("code-signing"),
    )
    .option("--seal-policy <oids...>", "how policies for regulated seals begin")
    .option("--seal-purpose <oids...>", "extended key usages that a seal may have");
  answers<Options>(command, doors, (_call, options) => {
    const { content, signature, policy, organization, organizationIdentifier, profile, time } = options;
    const {
      anchors = [],
      tsaAnchors = [],
      crls = [],
      ocsp = [],
      sealPolicy = [],
      sealPurpose = [],
    } = options;
    if (policy === undefined && (anchors.length === 0 || tsaAnchors.length === 0)) {
      throw new UsageError("USAGE", "expected --anchors and --tsa-anchors, or --policy");
    }
    const isNamed = organizationIdentifier !== undefined && sealPolicy.length > 0;
    if (policy === undefined && profile === "regulated-seal" && !isNamed) {
      const needed = "--organization-identifier and --seal-policy with the profile regulated-seal";
      throw new UsageError("USAGE", `expected ${needed}`);
    }
    return doors.pkiVerifyCMS({
      ...{ content, signature, anchors, tsaAnchors, crls, ocsp, profile },
      revocationRequired: options.withoutRevocation !== true,
      ...{ sealPolicies: sealPolicy, sealPurposes: sealPurpose },
      ...(time !== undefined && { at: new Date(time) }),
      ...(policy !== undefined && { policy }),
      ...(organization !== undefined && { organization }),
      ...(organizationIdentifier !== undefined && { organizationIdentifier }),
    });
  });
}
