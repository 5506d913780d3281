/**
 * Which switched-off rules of Suricata others still need, because these test the flowbits that those set: without them the others would be
 * silent, and nobody would know. Nothing is looked at where nothing is switched off.
 */
import { isDisabled } from "../../core/rules/suricata/record.js";
import { keyOfRecord } from "./rule-names.js";
import type { Selection } from "./selection.js";

export class Flowbits {
  readonly #needed = new Set<string>();

  constructor(records: Iterable<string>, selection: Selection, own: readonly string[]) {
    if (selection.isEmpty) return;
    const ownKeys = new Set(own.map((record) => keyOfRecord("suricata", record)));
    const tested = new Set<string>();
    const off: string[] = [];
    for (const record of own) if (!isDisabled(record)) addTested(record, tested);
    for (const record of records) {
      if (ownKeys.has(keyOfRecord("suricata", record))) continue;
      const verb = selection.of(record)?.verb;
      if (verb === "disable" && !isDisabled(record)) off.push(record);
      else if (verb === "enable" || !isDisabled(record)) addTested(record, tested);
    }
    this.#keep(off, tested);
  }

  isNeeded(record: string): boolean {
    return this.#needed.has(record);
  }

  /** What is kept may test flowbits itself. */
  #keep(off: readonly string[], tested: Set<string>): void {
    const setters = off.filter((record) => bitsOf(record, /^(?:set|toggle)$/).length > 0);
    for (let grew = true; grew; ) {
      grew = false;
      for (const record of setters) {
        if (this.#needed.has(record)) continue;
        if (!bitsOf(record, /^(?:set|toggle)$/).some((bit) => tested.has(bit))) continue;
        this.#needed.add(record);
        addTested(record, tested);
        grew = true;
      }
    }
  }
}

function addTested(record: string, tested: Set<string>): void {
  for (const bit of bitsOf(record, /^(?:isset|isnotset)$/)) tested.add(bit);
}

function bitsOf(record: string, command: RegExp): string[] {
  if (!record.includes("flowbits:")) return [];
  const found = [...record.matchAll(/[(;] ?flowbits: ?([a-z]+), ?([^;]+);/g)];
  return found.flatMap(([, does = "", names = ""]) =>
    command.test(does) ? names.split(/[|&]/).map((name) => name.trim()) : [],
  );
}
