import type { KubeObject } from '../kubernetes/api.ts';
import { parseKey } from '../kubernetes/object-index.ts';
import { keyOf, Reflector, type Watching } from '../kubernetes/reflector.ts';
import { namespaced } from '../kubernetes/resources.ts';
import type { Limit } from './inject/limits.ts';
import { LONGEST_QUANTITY } from './inject/quantity.ts';

export interface LimitRange extends KubeObject {
  readonly spec?: { readonly limits?: readonly Limit[] };
}

export const LIMIT_RANGES = namespaced<LimitRange>('v1', 'limitranges', 'LimitRange');

/** The limits in the LimitRanges of a namespace; none while they are unknown. */
export type LimitsOf = (namespace: string) => readonly Limit[];

/** At most 10 MB; those beyond are ignored, so nobody is warned about them. */
const MOST_RANGES = 5_000;
/** So that one namespace neither uses up the total nor slows down its own reviews. */
const MOST_OF_NAMESPACE = 10;
/** Twice what is needed: one item for each of `TYPES`. */
const MOST_ITEMS = 4;
const TYPES: readonly string[] = ['Container', 'Pod'];
const FIELDS = ['min', 'max', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;
const NONE: readonly Limit[] = [];

/** Watched, so that no review waits for a read. There are none before the first list, or when listing is forbidden. */
export class LimitRanges {
  readonly #byNamespace = new Map<string, Map<string, readonly Limit[]>>();
  readonly #reflector: Reflector<LimitRange, readonly Limit[]>;
  /** Keys of those that count, by namespace: a list is transformed as a whole before `onChange` is called. */
  readonly #kept = new Map<string, Set<string>>();
  #keptOfAll = 0;

  constructor(watching: Watching) {
    this.#reflector = new Reflector<LimitRange, readonly Limit[]>({
      ...watching,
      resource: LIMIT_RANGES,
      transform: (range) => (this.#mayKeep(range) ? keptOf(range) : NONE),
      onChange: (key, now) => this.#change(key, now),
    });
  }

  readonly of: LimitsOf = (namespace) => [...(this.#byNamespace.get(namespace)?.values() ?? [])].flat();

  run(abort: AbortSignal): Promise<void> {
    return this.#reflector.run(abort);
  }

  #mayKeep({ metadata }: LimitRange): boolean {
    const key = keyOf(metadata);
    const { namespace } = parseKey(key);
    const kept = this.#kept.get(namespace) ?? new Set();
    if (kept.has(key)) return true;
    if (kept.size >= MOST_OF_NAMESPACE || this.#keptOfAll >= MOST_RANGES) return false;
    this.#kept.set(namespace, kept.add(key));
    this.#keptOfAll += 1;
    return true;
  }

  #forget(key: string): void {
    const { namespace } = parseKey(key);
    const kept = this.#kept.get(namespace);
    if (kept?.delete(key) !== true) return;
    if (kept.size === 0) this.#kept.delete(namespace);
    this.#keptOfAll -= 1;
  }

  #change(key: string, now: readonly Limit[] | undefined): void {
    if (now === undefined) this.#forget(key);
    const { namespace } = parseKey(key);
    const ranges = this.#byNamespace.get(namespace) ?? new Map<string, readonly Limit[]>();
    if (now !== undefined && now.length > 0) ranges.set(key, now);
    else ranges.delete(key);
    if (ranges.size > 0) this.#byNamespace.set(namespace, ranges);
    else this.#byNamespace.delete(namespace);
  }
}

export function keptOf({ spec }: LimitRange): readonly Limit[] {
  const items = (spec?.limits ?? []).filter(({ type }) => TYPES.includes(type));
  return items.slice(0, MOST_ITEMS).map((item) => ({
    type: item.type,
    ...Object.fromEntries(FIELDS.map((field) => [field, amountsOf(item[field])])),
  }));
}

/** Only the resources that the sidecar has. */
function amountsOf(amounts: Limit['min'] = {}): NonNullable<Limit['min']> {
  const own = ['cpu', 'memory'].flatMap((sort) => {
    const quantity = amounts[sort];
    return quantity === undefined || quantity.length > LONGEST_QUANTITY ? [] : [[sort, quantity] as const];
  });
  return Object.fromEntries(own);
}
