/** Every form of name against every form of constraint, and constraints that are none. */
import { describe, expect, it } from "vitest";
import { utf8Bytes } from "../../../src/core/encoding/bytes.js";
import { parseDER } from "../../../src/core/encoding/der.js";
import type { Certificate } from "../../../src/core/pki/certificate.js";
import { parseAlternativeNames, parseGeneralName } from "../../../src/core/pki/general-names.js";
import { parseNameConstraints, requireNames } from "../../../src/core/pki/name-constraints.js";
import { parseName } from "../../../src/core/pki/names.js";
import {
  encoded,
  integer,
  objectID,
  sequence,
  tagged,
  taggedBytes,
  utf8String,
  type Value,
} from "../../../src/issuing/asn1.js";
import { distinguishedName } from "../../../src/issuing/names.js";

const code = (expected: string) => expect.objectContaining({ code: expected });
const node = (value: Value) => parseDER(encoded(value));
const forms = { email: 1, dns: 2, uri: 6 } as const;
type TextForm = keyof typeof forms;
const textName = (form: TextForm, text: string): Value => taggedBytes(forms[form], utf8Bytes(text));
const address = (...octets: number[]): Value => taggedBytes(7, Uint8Array.from(octets));
const subject = (name: string): Value =>
  distinguishedName({ country: "CH", organization: "A", commonName: name }).toSchema();

/** A leaf with one alternative name, below a CA with one constraint. */
function path(name: Value, kind: 0 | 1, base: Value): Certificate[] {
  const constraints = parseNameConstraints(node(sequence(tagged(kind, sequence(base)))));
  const certificate = (commonName: string, extensions: object): Certificate => {
    const parsed = parseName(node(subject(commonName)));
    return {
      subject: parsed,
      issuer: parseName(node(subject("issuer"))),
      extensions,
    } as unknown as Certificate;
  };
  return [
    certificate("leaf", { subjectAltName: [parseGeneralName(node(name))] }),
    certificate("ca", { nameConstraints: constraints }),
  ];
}

/** The leaf's address stands in its subject, as old certificates have it. */
function withAddress(text: string, kind: 0 | 1): Certificate[] {
  const [leaf, ca] = path(textName("dns", "a.ch"), kind, textName("email", "example.ch")) as [
    Certificate,
    Certificate,
  ];
  const attributes = [{ type: "1.2.840.113549.1.9.1", tag: 0x16, text }];
  return [{ ...leaf, subject: { ...leaf.subject, attributes } }, ca];
}

function judged(name: Value, base: Value): { permitted: boolean; excluded: boolean } {
  const passes = (kind: 0 | 1): boolean => {
    try {
      requireNames(path(name, kind, base));
      return true;
    } catch {
      return false;
    }
  };
  return { permitted: passes(0), excluded: !passes(1) };
}

const within = { permitted: true, excluded: true };
const outside = { permitted: false, excluded: false };
/** It cannot be said: refused either way. */
const unclear = { permitted: false, excluded: true };

describe("SPEC §6.5.8 a name against a constraint of its form", () => {
  it.each<[TextForm, string, string, object]>([
    ["dns", "example.ch", "example.ch", within],
    ["dns", "example.ch", "www.example.ch", within],
    ["dns", "example.ch", "WWW.Example.CH", within],
    ["dns", "example.ch", "badexample.ch", outside],
    ["dns", "www.example.ch", "example.ch", outside],
    ["dns", "example.ch", "*.example.ch", within],
    ["dns", "example.ch", "*.www.example.ch", within],
    ["dns", "www.example.ch", "*.example.ch", unclear],
    ["dns", "", "example.ch", within],
    ["email", "a@example.ch", "a@example.ch", within],
    ["email", "a@example.ch", "a@EXAMPLE.ch", within],
    ["email", "a@example.ch", "A@example.ch", outside],
    ["email", "*@example.ch", "a@example.ch", outside],
    ["email", "example.ch", "a@example.ch", within],
    ["email", "example.ch", "a@www.example.ch", outside],
    ["email", ".example.ch", "a@www.example.ch", within],
    ["email", ".example.ch", "a@example.ch", outside],
    ["uri", "www.example.ch", "https://www.example.ch/a?b#c", within],
    ["uri", "www.example.ch", "https://user:word@WWW.example.ch:8443/", within],
    ["uri", "www.example.ch", "https://www.example.ch.example.org/", outside],
    ["uri", "www.example.ch", "https://a.www.example.ch/", outside],
    ["uri", ".example.ch", "https://www.example.ch/", within],
    ["uri", ".example.ch", "https://example.ch/", outside],
    ["uri", "example.ch", "https://evil.example.org/@example.ch/", outside],
    ["uri", "example.ch", "https://evil.example.org\\@example.ch/", unclear],
    ["uri", "example.ch", "https://192.0.2.1/", unclear],
    ["uri", "example.ch", "https://[::1]/", unclear],
    ["uri", "example.ch", "urn:isbn:1", unclear],
  ])("%s: %j and %j", (form, base, name, expected) => {
    expect(judged(textName(form, name), textName(form, base))).toEqual(expected);
  });

  it.each<[string, Value, Value, object]>([
    ["a network", address(192, 0, 2, 0, 255, 255, 255, 0), address(192, 0, 2, 9), within],
    ["another network", address(192, 0, 2, 0, 255, 255, 255, 0), address(192, 0, 3, 9), outside],
    ["all networks", address(0, 0, 0, 0, 0, 0, 0, 0), address(192, 0, 3, 9), within],
    [
      "the other version",
      address(0, 0, 0, 0, 0, 0, 0, 0),
      address(...new Array<number>(16).fill(0)),
      outside,
    ],
    ["a name within a name", tagged(4, sequence()), tagged(4, subject("x")), within],
    [
      "a form without a comparison",
      taggedBytes(8, Uint8Array.of(42)),
      taggedBytes(8, Uint8Array.of(42)),
      unclear,
    ],
  ])("%s", (_what, base, name, expected) => {
    expect(judged(name, base)).toEqual(expected);
  });

  it("cannot be said of an address in the subject that is none", () => {
    const path = (kind: 0 | 1) => withAddress("x", kind);
    expect(() => requireNames(path(0))).toThrowError(code("CERTIFICATE_NAMES"));
    expect(() => requireNames(path(1))).toThrowError(code("CERTIFICATE_NAMES"));
  });

  it("says nothing about names of other forms, but for the subject", () => {
    expect(() => requireNames(path(textName("dns", "a.ch"), 0, textName("email", "b.ch")))).not.toThrow();
    expect(() => requireNames(path(textName("dns", "a.ch"), 0, tagged(4, subject("leaf"))))).not.toThrow();
    expect(() => requireNames(path(textName("dns", "a.ch"), 0, tagged(4, subject("another"))))).toThrowError(
      code("CERTIFICATE_NAMES"),
    );
  });

  it("gives up when names and constraints multiply", () => {
    const [leaf, ca] = path(textName("dns", "a.ch"), 1, textName("dns", "b.ch")) as [
      Certificate,
      Certificate,
    ];
    const many = <T>(item: T): T[] => new Array<T>(1000).fill(item);
    const names = { subjectAltName: many(leaf.extensions.subjectAltName?.[0]) };
    const constraints = {
      nameConstraints: { permitted: [], excluded: many(ca.extensions.nameConstraints?.excluded?.[0]) },
    };
    const swollen = [
      { ...leaf, extensions: names },
      { ...ca, extensions: constraints },
    ] as unknown as Certificate[];
    expect(() => requireNames(swollen)).toThrowError(code("LIMIT_EXCEEDED"));
  });
});

describe("a constraint that is none", () => {
  const subtree = (...parts: Value[]): Value => sequence(tagged(0, sequence(...parts)));
  it.each<[string, Value]>([
    ["nothing", sequence()],
    ["an empty list", sequence(tagged(0))],
    ["a wildcard", subtree(textName("dns", "*.example.ch"))],
    ["a leading period for a host", subtree(textName("dns", ".example.ch"))],
    ["no host", subtree(textName("dns", "exa_mple.ch"))],
    ["no mailbox", subtree(textName("email", "a b@example.ch"))],
    ["an address without a mask", subtree(address(192, 0, 2, 1))],
    ["a mask with a gap", subtree(address(192, 0, 2, 0, 255, 0, 255, 0))],
    ["a minimum", subtree(textName("dns", "a.ch"), taggedBytes(0, Uint8Array.of(1)))],
    ["a form that does not exist", subtree(taggedBytes(9, Uint8Array.of(1)))],
  ])("%s", (_what, value) => {
    expect(() => parseNameConstraints(node(value))).toThrowError(code("DER_MALFORMED"));
  });
});

describe("an alternative name that is none", () => {
  it.each<[string, Value]>([
    ["an address as a host", textName("dns", "192.0.2.1")],
    ["a wildcard inside", textName("dns", "www.*.example.ch")],
    ["a wildcard for everything", textName("dns", "*")],
    ["two signs", textName("email", "a@b@example.ch")],
    ["a URI without a scheme", textName("uri", "//example.ch")],
    ["a URI with a backslash", textName("uri", "https://example.org\\@example.ch/")],
    ["a short address", address(192, 0, 2)],
    ["a primitive directory name", taggedBytes(4, new Uint8Array())],
  ])("%s", (_what, value) => {
    expect(() => parseAlternativeNames(node(sequence(value)))).toThrowError(code("DER_MALFORMED"));
  });

  it("other names may be there: they are compared with nothing", () => {
    const other = tagged(0, objectID("1.2.3"), tagged(0, utf8String("x")));
    expect(parseAlternativeNames(node(sequence(other, textName("dns", "*.example.ch"))))).toHaveLength(2);
    expect(() => parseAlternativeNames(node(sequence(integer(1))))).toThrowError(code("DER_MALFORMED"));
  });
});
