import type { HoldReason } from '../../contract/reasons.ts';
import type { Leadership } from '../../kubernetes/leadership.ts';

/** Where the followed service runs, as far as the trigger can tell for certain. */
export type Observation =
  | {
      readonly kind: 'located';
      /** The pod, or what else a trigger follows. */
      readonly primary: string;
      /** Empty where `site` is set. */
      readonly node: string;
      /** Set when it is in another Kubernetes cluster, which is this site: its nodes cannot be seen from here. */
      readonly site?: string;
      /** It is there against what the service here says of itself. */
      readonly hold?: Omit<Unknown, 'kind' | 'movingTo'>;
      /** Set while the primary is about to move: to where, for the reader. The last site holds until it has moved. */
      readonly movingTo?: string;
      /** RFC 3339: when the service itself says that it moved here; for the latency metric. */
      readonly movedAt?: string;
    }
  | {
      readonly kind: 'unknown';
      readonly reason: HoldReason;
      /** One sentence: which object, what is wrong with it. */
      readonly message: string;
      /** As above: the service itself says that it is moving. */
      readonly movingTo?: string;
      /** It is certain that it is not in the site `from`: where that was the last one, the one that it moved to is taken. */
      readonly left?: { readonly from: string; readonly primary: string; readonly site: string };
    };

export type Unknown = Extract<Observation, { kind: 'unknown' }>;

export function unknown(reason: HoldReason, message: string): Unknown {
  return { kind: 'unknown', reason, message };
}

/** Of something found, or the reason why it was not. */
export function isUnknown(found: object): found is Unknown {
  return 'kind' in found && found.kind === 'unknown';
}

/**
 * One way of finding the active node. A trigger is one file or folder and one row in registry.ts.
 * Watches give speed, `observe` gives truth: a trigger may miss events, but `observe` never answers from a cache.
 */
export interface Trigger {
  /** Calls `enqueue` whenever an observation may give something new. Resolves after `abort` fires; never rejects. */
  watch(enqueue: () => void, abort: AbortSignal): Promise<void>;
  /**
   * Looks now. Throws KubeError when the API does not answer: the caller holds. `leadership` is for a trigger that
   * has to store what it decides before it reports it. `expect` may be called with the node that it will probably be,
   * so that the node is read meanwhile.
   */
  observe(abort: AbortSignal, leadership: Leadership, expect?: (node: string) => void): Promise<Observation>;
  /**
   * Moves the service itself to where the configuration prefers it, if it does. Called after each change and every
   * pass, beside the loop; throws KubeError to be called again with back-off.
   */
  readonly reconcilePreferredPrimary?: (leadership: Leadership) => Promise<void>;
}

/** What has to be remembered across restarts and leaders; kept in the report. */
export interface MemoryStore {
  /** The JSON value of a section, or undefined. Anybody can edit a ConfigMap: check its shape. */
  get(section: string): unknown;
  set(section: string, value: unknown): void;
  /** Resolves when everything that was set is stored. Throws KubeError. */
  save(leadership: Leadership): Promise<void>;
}
