/** What a generated manifest says, with how its scalars are written where that is not free. */
export type Tree = null | boolean | number | string | Written | Named | Again | readonly Tree[] | TreeMap;
export interface TreeMap {
  readonly [key: string]: Tree;
}

/** A scalar by its text in YAML, such as `0o400` or `~`; JSON has `value`. */
export class Written {
  readonly text: string;
  readonly value: null | boolean | number | string;

  constructor(text: string, value: null | boolean | number | string) {
    this.text = text;
    this.value = value;
  }
}

/** A map or list with an anchor. */
export class Named {
  readonly name: string;
  readonly tree: TreeMap | readonly Tree[];

  constructor(name: string, tree: TreeMap | readonly Tree[]) {
    this.name = name;
    this.tree = tree;
  }
}

/** An alias of what is {@link Named}. */
export class Again {
  readonly named: Named;

  constructor(named: Named) {
    this.named = named;
  }
}

/** The key that merges another map in. */
export const MERGE = '<<';

/** Without anchors and merged keys, as JSON has to have it. */
export function plainTree(tree: Tree): unknown {
  if (tree instanceof Written) return tree.value;
  if (tree instanceof Named) return plainTree(tree.tree);
  if (tree instanceof Again) return plainTree(tree.named.tree);
  if (Array.isArray(tree)) return tree.map(plainTree);
  if (typeof tree !== 'object' || tree === null) return tree;
  const pairs = Object.entries(tree as TreeMap).flatMap(([key, child]) =>
    key === MERGE ? merged(plainTree(child)) : [[key, plainTree(child)] as const],
  );
  return Object.fromEntries(pairs);
}

/** The first of several maps counts most. */
function merged(maps: unknown): [string, unknown][] {
  const list: unknown[] = Array.isArray(maps) ? maps.toReversed() : [maps];
  return list.flatMap((map) => Object.entries(map as object));
}
