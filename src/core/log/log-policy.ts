/**
 * Which logs count and how many witnesses it takes (C2SP tlog-policy): a text that works without any network.
 *
 *   log <vkey> [<url>]
 *   witness <name> <vkey> [<url>]
 *   group <name> all|any|<k> <member> …      members are witnesses and groups from above, each in one group at most
 *   quorum <name>|none
 */
import { hexText } from "../encoding/bytes.js";
import { limits } from "../limits.js";
import { decimal, odd, refusingWith } from "./lines.js";
import {
  type NoteKeyType,
  type VerifierKey,
  cosignatureKeyType,
  noteKeyType,
  parseVerifierKey,
  sameKey,
} from "./verifier-key.js";

export interface PolicyLog {
  readonly key: VerifierKey;
  readonly url?: string;
}

export interface PolicyWitness extends PolicyLog {
  /** The policy's own name for it, not the key's. */
  readonly name: string;
}

export interface PolicyGroup {
  readonly name: string;
  readonly threshold: number;
  readonly members: readonly string[];
}

export interface LogPolicy {
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  readonly groups: readonly PolicyGroup[];
  /** Name of a witness or group; undefined when the policy says `none`. */
  readonly quorum: string | undefined;
}

/** SPEC §5.5.6: a policy as text, and how old the cosignatures of its quorum may be; absent: as old as they are. */
export interface LogDemand {
  readonly policy: string;
  readonly cosignatureHoursMax?: number;
}

/** SPEC §11.6.1. @throws VerificationError LOG_POLICY_MALFORMED */
export function parseLogPolicy(text: string): LogPolicy {
  return refusingWith("LOG_POLICY_MALFORMED", () => {
    if (text.length > limits.logPolicyBytesMax) throw odd("a shorter policy", String(text.length));
    const reader = new PolicyReader();
    for (const line of text.split("\n")) reader.line(line);
    return reader.policy();
  });
}

class PolicyReader {
  readonly #logs: PolicyLog[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #groups: PolicyGroup[] = [];
  readonly #grouped = new Set<string>();
  #quorum: { readonly name: string | undefined } | undefined;

  line(line: string): void {
    const [word, ...rest] = (line.split("#", 1)[0] as string).split(/[ \t\r]+/).filter((part) => part !== "");
    if (word === undefined) return;
    if (word === "log") this.#log(line, rest);
    else if (word === "witness") this.#witness(line, rest);
    else if (word === "group") this.#group(line, rest);
    else if (word === "quorum") this.#setQuorum(line, rest);
    else throw odd("log, witness, group or quorum", line);
  }

  policy(): LogPolicy {
    if (this.#quorum === undefined) throw odd("a line quorum", "none");
    if (this.#logs.length === 0) throw odd("a line log", "none");
    const [logs, witnesses, groups] = [this.#logs, this.#witnesses, this.#groups];
    return { logs, witnesses, groups, quorum: this.#quorum.name };
  }

  #log(line: string, [vkey, url, ...more]: readonly string[]): void {
    if (vkey === undefined || more.length > 0) throw odd("log VKEY [URL]", line);
    this.#logs.push({ key: this.#key(vkey, noteKeyType), ...(url !== undefined && { url }) });
    this.#requireFew(this.#logs);
  }

  #witness(line: string, [name, vkey, url, ...more]: readonly string[]): void {
    if (name === undefined || vkey === undefined || more.length > 0)
      throw odd("witness NAME VKEY [URL]", line);
    this.#requireNewName(name);
    const key = this.#key(vkey, cosignatureKeyType);
    this.#witnesses.push({ name, key, ...(url !== undefined && { url }) });
    this.#requireFew(this.#witnesses);
  }

  #group(line: string, [name, rule, ...members]: readonly string[]): void {
    if (name === undefined || rule === undefined || members.length === 0) {
      throw odd("group NAME all|any|NUMBER MEMBER …", line);
    }
    this.#requireNewName(name);
    for (const member of members) {
      if (!this.#knows(member)) throw odd("members that stand above", member);
      if (this.#grouped.has(member)) throw odd("each member in one group", member);
      this.#grouped.add(member);
    }
    const threshold = rule === "all" ? members.length : rule === "any" ? 1 : decimal(rule);
    if (threshold < 1 || threshold > members.length) throw odd(`1 to ${members.length} members`, rule);
    this.#groups.push({ name, threshold, members });
    this.#requireFew(this.#groups);
  }

  #setQuorum(line: string, [name, ...more]: readonly string[]): void {
    if (name === undefined || more.length > 0 || this.#quorum !== undefined)
      throw odd("one quorum NAME", line);
    if (name !== "none" && !this.#knows(name)) throw odd("a quorum that stands above", name);
    this.#quorum = { name: name === "none" ? undefined : name };
  }

  /** One public key speaks once, under whatever name and type; and a line of a note must name one key only. */
  #key(vkey: string, type: NoteKeyType): VerifierKey {
    const key = parseVerifierKey(vkey);
    if (key.type !== type) throw odd(`a key of type ${type}`, vkey);
    for (const { key: known } of [...this.#logs, ...this.#witnesses]) {
      if (hexText(known.publicKey) === hexText(key.publicKey) || sameKey(known, key)) {
        throw odd("each key once", vkey);
      }
    }
    return key;
  }

  #requireNewName(name: string): void {
    if (name === "none" || this.#knows(name)) throw odd("a name that is new", name);
  }

  #knows(name: string): boolean {
    return [...this.#witnesses, ...this.#groups].some((one) => one.name === name);
  }

  #requireFew(list: readonly unknown[]): void {
    if (list.length > limits.logPolicyItemsMax) {
      throw odd(`at most ${limits.logPolicyItemsMax} of a kind`, String(list.length));
    }
  }
}

/** SPEC §11.6.2. `cosigned` has the policy's names of the witnesses whose cosignatures count. */
export function isQuorum(policy: LogPolicy, cosigned: ReadonlySet<string>): boolean {
  const met = new Set(cosigned);
  for (const { name, threshold, members } of policy.groups) {
    if (members.filter((member) => met.has(member)).length >= threshold) met.add(name);
  }
  return policy.quorum === undefined || met.has(policy.quorum);
}
