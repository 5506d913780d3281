/** What a Sigma file says, as a tree: SPEC §3.10 knows mappings, lists and scalars, and whether a scalar was plain. */

export interface YAMLScalar {
  readonly text: string;
  /** Neither quoted nor a block. */
  readonly plain: boolean;
}

export interface YAMLList {
  readonly items: readonly YAMLNode[];
}

export interface YAMLMap {
  /** Of its first key, from 1. */
  readonly line: number;
  readonly entries: ReadonlyMap<string, YAMLEntry>;
}

export interface YAMLEntry {
  readonly key: YAMLScalar;
  readonly value: YAMLNode;
}

export type YAMLNode = YAMLScalar | YAMLList | YAMLMap;

export const isScalar = (node: YAMLNode | undefined): node is YAMLScalar =>
  node !== undefined && "text" in node;
export const isList = (node: YAMLNode | undefined): node is YAMLList => node !== undefined && "items" in node;
export const isMap = (node: YAMLNode | undefined): node is YAMLMap => node !== undefined && "entries" in node;

export const nothing: YAMLScalar = { text: "", plain: true };
