/** `rulemint key …`: keys made inside a token or an encrypted file, and the certificates that a Swiss CA issues for them. */
import { type Command, Option } from "commander";
import { answers } from "../command.js";
import type { CLIDoors } from "../doors.js";
import { type KeyPlace, hasKeyPlace, requireKeyPlace, withServiceKey } from "../key-options.js";

export function keyGenerate(noun: Command, doors: CLIDoors): void {
  const command = withServiceKey(noun.command("generate"))
    .description("make a key where it will stay, and write its public half")
    .option("--public <path>", "file for the public key, PEM");
  answers<KeyPlace & { public?: string }>(command, doors, (_call, { public: out, ...key }) => {
    requireKeyPlace(key);
    return doors.generateKey({ key, out });
  });
}

interface Request extends KeyPlace {
  readonly out: string;
  readonly country: string;
  readonly organization: string;
  readonly organizationIdentifier?: string;
  readonly locality?: string;
  readonly commonName?: string;
}

export function keyCSR(noun: Command, doors: CLIDoors): void {
  const command = withServiceKey(noun.command("csr"))
    .description("a certificate request (PKCS#10) for the key, to send to a certification authority")
    .requiredOption("--out <path>", "file for the request, PEM")
    .requiredOption("--organization <name>", "name as the UID register has it")
    .addOption(new Option("--country <code>", "country").choices(["CH", "LI"]).default("CH"))
    .option("--organization-identifier <id>", "NTRCH-CHE-123.456.789")
    .option("--locality <name>", "place")
    .option("--common-name <name>", "customary name (default: the organization)");
  answers<Request>(command, doors, (_call, options) => {
    const { out, country, organization, organizationIdentifier, locality, commonName, ...key } = options;
    requireKeyPlace(key);
    const subject = { country, organization, organizationIdentifier, locality };
    return doors.requestCertificate({
      key,
      out,
      subject: { ...subject, commonName: commonName ?? organization },
    });
  });
}

interface Import extends KeyPlace {
  readonly chain: string;
  readonly out: string;
}

export function keyImport(noun: Command, doors: CLIDoors): void {
  const command = withServiceKey(noun.command("import"))
    .description("check the chain that a CA sent against the key and the code-signing rules, and keep it")
    .requiredOption("--chain <path>", "certificates in any order, PEM")
    .requiredOption("--out <path>", "file for the chain, leaf first, PEM");
  answers<Import>(command, doors, (_call, { chain, out, ...key }) => {
    requireKeyPlace(key);
    return doors.importChain({ key, chain, out });
  });
}

export function keyShow(noun: Command, doors: CLIDoors): void {
  const command = withServiceKey(noun.command("show"))
    .description("a key's id and public half")
    .option("--public <path>", "a public key or certificate, PEM, instead of a private key");
  answers<KeyPlace & { public?: string }>(command, doors, (_call, { public: file, ...key }) => {
    if (file === undefined) requireKeyPlace(key);
    return doors.showKey({ key: file === undefined ? key : undefined, file });
  });
}

export function keyCheck(noun: Command, doors: CLIDoors): void {
  const command = withServiceKey(noun.command("check"))
    .description("hold a certificate chain against the code-signing rules, and a key against its chain")
    .requiredOption("--chain <path>", "certificates, PEM");
  answers<KeyPlace & { chain: string }>(command, doors, (_call, { chain, ...key }) => {
    if (hasKeyPlace(key)) requireKeyPlace(key);
    return doors.checkChain({ key: hasKeyPlace(key) ? key : undefined, chain });
  });
}
