/**
 * YAML as Sigma needs it: mappings, lists and scalars, each with its place in the text. Scalars keep their
 * spelling and whether it was plain, because a plain `2024-01-01` and a quoted one are different things to
 * a reader of YAML.
 */

export interface ScalarNode {
  readonly kind: "scalar";
  readonly offset: number;
  /** The value as text; for plain scalars also its spelling. */
  readonly text: string;
  /** Neither quoted nor a block: readers may take it for a number, a date, a truth value or null. */
  readonly plain: boolean;
}

export interface ListNode {
  readonly kind: "list";
  readonly offset: number;
  readonly items: readonly Node[];
}

export interface MapEntry {
  readonly key: ScalarNode;
  readonly value: Node;
}

export interface MapNode {
  readonly kind: "map";
  readonly offset: number;
  /** Of a whole document: where its last character stands. */
  readonly end?: number;
  /** In the order of the text; keys are unique. */
  readonly entries: readonly MapEntry[];
}

export type Node = ScalarNode | ListNode | MapNode;

export function entryOf(map: MapNode, key: string): MapEntry | undefined {
  return map.entries.find((entry) => entry.key.text === key);
}

export function childOf(map: MapNode, key: string): Node | undefined {
  return entryOf(map, key)?.value;
}

/**
 * `base` with the entries of `over` laid over it; mappings inside mappings are combined, everything else
 * replaced.
 */
export function overlay(base: MapNode, over: MapNode): MapNode {
  const entries = new Map(base.entries.map((entry) => [entry.key.text, entry]));
  for (const entry of over.entries) {
    const before = entries.get(entry.key.text)?.value;
    const both = before?.kind === "map" && entry.value.kind === "map";
    entries.set(entry.key.text, both ? { key: entry.key, value: overlay(before, entry.value) } : entry);
  }
  return { ...over, entries: [...entries.values()] };
}

export function without(map: MapNode, key: string): MapNode {
  return { ...map, entries: map.entries.filter((entry) => entry.key.text !== key) };
}

/** How many nodes there are, this one included. */
export function countNodes(node: Node): number {
  if (node.kind === "list") return node.items.reduce((sum, item) => sum + countNodes(item), 1);
  if (node.kind === "map") return node.entries.reduce((sum, entry) => sum + 1 + countNodes(entry.value), 1);
  return 1;
}
