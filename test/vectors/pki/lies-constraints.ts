/** Lies about names and policies: what a CA above allows and what stands below it. Tests only. */
import type * as pkijs from "pkijs";
import { utf8Bytes } from "../../../src/core/encoding/bytes.js";
import { formatPEM } from "../../../src/core/encoding/pem.js";
import {
  integer,
  objectID,
  octetString,
  sequence,
  spliced,
  tagged,
  taggedBytes,
  truth,
  utf8String,
  type Value,
} from "../../../src/issuing/asn1.js";
import { extension } from "../../../src/issuing/certificate-extensions.js";
import { distinguishedName } from "../../../src/issuing/names.js";
import type { Lie } from "./lie.js";
import { add, issuingCA, leafLie, pathLie, replace } from "./lies-certificate.js";
import { issue, sign, subject } from "./world.js";

const ids = {
  subjectAltName: "2.5.29.17",
  nameConstraints: "2.5.29.30",
  certificatePolicies: "2.5.29.32",
  anyPolicy: "2.5.29.32.0",
  policyMappings: "2.5.29.33",
  policyConstraints: "2.5.29.36",
  inhibitAnyPolicy: "2.5.29.54",
};
const policy = (number: number): string => `1.3.6.1.4.1.32473.8420.${number}`;

const directory = (organization: string, commonName: string): Value => {
  const name = distinguishedName({ ...subject(commonName), organization })
    .toSchema()
    .toBER(false);
  return tagged(4, spliced(new Uint8Array(name)));
};
const dns = (text: string): Value => taggedBytes(2, utf8Bytes(text));
const other = (): Value => tagged(0, objectID(policy(66)), tagged(0, utf8String("x")));
const tree = (base: Value): Value => sequence(base);
const permitted = (...bases: Value[]): Value => tagged(0, ...bases.map(tree));
const excluded = (...bases: Value[]): Value => tagged(1, ...bases.map(tree));
const constraints = (...parts: Value[]): pkijs.Extension =>
  extension(ids.nameConstraints, true, sequence(...parts));
const alternative = (...names: Value[]): pkijs.Extension =>
  extension(ids.subjectAltName, false, sequence(...names));
const policies = (...list: string[]): pkijs.Extension =>
  extension(ids.certificatePolicies, false, sequence(...list.map((one) => sequence(objectID(one)))));
const mapping = (issuer: string, to: string): pkijs.Extension =>
  extension(ids.policyMappings, true, sequence(sequence(objectID(issuer), objectID(to))));
/** A policy must hold from here on. */
const explicit = (): pkijs.Extension =>
  extension(ids.policyConstraints, true, sequence(taggedBytes(0, Uint8Array.of(0))));

/** A CA with `above`, a leaf with `below`. */
const between = (
  name: string,
  code: Lie["code"],
  why: string,
  above: readonly pkijs.Extension[],
  below: readonly pkijs.Extension[] = [],
): Lie => {
  const make = pathLie(
    name,
    "CERTIFICATE_PATH",
    why,
    async (world) => [await issuingCA(world, { bend: add(...above) })],
    { bend: add(...below) },
  );
  return { ...make, code };
};

export const constraintLies: readonly Lie[] = [
  between("names-permitted", "success", "a CA for this organisation's name, and a name inside", [
    constraints(permitted(directory("Vector AG", "publisher"), dns("example.ch"))),
  ]),
  between("names-not-permitted", "CERTIFICATE_NAMES", "a CA for the names of another organisation", [
    constraints(permitted(directory("Other AG", "publisher"))),
  ]),
  between("names-excluded", "CERTIFICATE_NAMES", "a CA that may not certify this very name", [
    constraints(excluded(directory("Vector AG", "publisher"))),
  ]),
  between(
    "names-alternative-outside",
    "CERTIFICATE_NAMES",
    "an alternative name outside the permitted domain",
    [constraints(permitted(dns("example.ch")))],
    [alternative(dns("www.example.ch"), dns("example.ch.example.org"))],
  ),
  between(
    "names-wildcard-over-excluded",
    "CERTIFICATE_NAMES",
    "a wildcard that stands for an excluded name too",
    [constraints(excluded(dns("secret.example.ch")))],
    [alternative(dns("*.example.ch"))],
  ),
  between(
    "names-form-unknown",
    "CERTIFICATE_NAMES",
    "a constraint of a form that nobody can compare, on a name of that form",
    [constraints(permitted(other()))],
    [alternative(other())],
  ),
  between(
    "names-constraints-not-critical",
    "CERTIFICATE_EXTENSION",
    "constraints on names that may be ignored",
    [extension(ids.nameConstraints, false, sequence(permitted(directory("Vector AG", "publisher"))))],
  ),
  between("names-constraints-empty", "CERTIFICATE_MALFORMED", "constraints on names that say nothing", [
    constraints(),
  ]),
  pathLie(
    "names-constrained-two-above",
    "CERTIFICATE_NAMES",
    "a constraint two CAs above, and a CA between that says nothing",
    async (world) => {
      const bend = (certificate: pkijs.Certificate): void => {
        replace(extension("2.5.29.19", true, sequence(truth())))(certificate);
        add(constraints(permitted(directory("Other AG", "publisher"))))(certificate);
      };
      const upper = await issuingCA(world, { bend });
      return [await issue({ profile: "issuing-ca", name: "lower CA", issuer: upper }), upper];
    },
  ),
  {
    name: "names-constrained-by-the-root",
    code: "CERTIFICATE_NAMES",
    why: "the pinned root itself is for the names of another organisation",
    make: async (world) => {
      const bend = add(constraints(permitted(directory("Other AG", "publisher"))));
      const root = await issue({ profile: "root", name: "root", bend });
      const codeSigningAnchors = [formatPEM(root.certificate, "CERTIFICATE")];
      return { cms: await sign(world), policy: { ...world.policy, codeSigningAnchors } };
    },
  },
  leafLie("names-constraints-in-leaf", "CERTIFICATE_NAMES", "a leaf that would constrain names", {
    bend: add(constraints(permitted(directory("Vector AG", "publisher")))),
  }),
  between(
    "policy-held",
    "success",
    "a policy must hold, and one does",
    [policies(policy(1)), explicit()],
    [policies(policy(1), policy(2))],
  ),
  between("policy-missing", "CERTIFICATE_POLICY", "a policy must hold, and the leaf has none", [
    policies(policy(1)),
    explicit(),
  ]),
  between(
    "policy-other",
    "CERTIFICATE_POLICY",
    "a policy must hold, and the leaf has another one",
    [policies(policy(1)), explicit()],
    [policies(policy(2))],
  ),
  between(
    "policy-mapped",
    "success",
    "the CA's policy under the name that it has below",
    [policies(policy(1)), explicit(), mapping(policy(1), policy(2))],
    [policies(policy(2))],
  ),
  between(
    "policy-mapping-any",
    "CERTIFICATE_POLICY",
    "a CA that maps any policy to its own",
    [policies(ids.anyPolicy), mapping(ids.anyPolicy, policy(2))],
    [policies(policy(2))],
  ),
  between(
    "policy-any-inhibited",
    "CERTIFICATE_POLICY",
    "any policy in the leaf, where the CA forbids that",
    [policies(policy(1)), explicit(), extension(ids.inhibitAnyPolicy, true, integer(0))],
    [policies(ids.anyPolicy)],
  ),
  between(
    "policy-constraints-not-critical",
    "CERTIFICATE_EXTENSION",
    "a demand for policies that may be ignored",
    [
      policies(policy(1)),
      extension(ids.policyConstraints, false, sequence(taggedBytes(0, Uint8Array.of(0)))),
    ],
  ),
  between(
    "policy-twice",
    "CERTIFICATE_MALFORMED",
    "the same policy twice in one certificate",
    [],
    [policies(policy(1), policy(1))],
  ),
  leafLie(
    "alternative-name-critical",
    "CERTIFICATE_EXTENSION",
    "critical alternative names beside a subject",
    {
      bend: add(extension(ids.subjectAltName, true, sequence(dns("example.ch")))),
    },
  ),
  leafLie("alternative-name-not-a-name", "CERTIFICATE_MALFORMED", "an alternative name that is no host", {
    bend: add(alternative(dns("exa mple..ch"))),
  }),
  leafLie("authority-key-critical", "CERTIFICATE_EXTENSION", "a critical authority key identifier", {
    bend: replace(extension("2.5.29.35", true, sequence(taggedBytes(0, new Uint8Array(20))))),
  }),
  leafLie("distribution-point-empty", "CERTIFICATE_MALFORMED", "a distribution point that points nowhere", {
    bend: add(extension("2.5.29.31", false, sequence(sequence()))),
  }),
  leafLie("subject-key-critical", "CERTIFICATE_EXTENSION", "a critical subject key identifier", {
    bend: replace(extension("2.5.29.14", true, octetString(new Uint8Array(20)))),
  }),
];
