import type { Status } from '../../contract/status.ts';
import type { Claims } from '../../dns/claims.ts';
import type { ObjectKey } from '../../kubernetes/api.ts';
import type { Right } from '../../runtime/rights.ts';
import type { CheckContext, Checked, Option, Tree, Values } from '../../settings/settings.ts';
import type { EventSink } from '../event-rules.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { WatchPorts } from '../reflect.ts';
import type { Sites } from '../sites.ts';
import type { MemoryStore, Trigger } from './trigger.ts';

/** What a trigger may use of the world. */
export interface TriggerPorts extends WatchPorts {
  readonly follower: string;
  readonly sites: Sites;
  /** Where each site is a Kubernetes cluster. */
  readonly claims?: Claims;
  /** The nodes of each site as they were published last. Throws KubeError. */
  readonly lastSites: (signal: AbortSignal) => Promise<Status['sites']>;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The status ConfigMap of the follower; its namespace is the controller's own. */
  readonly statusMap: Required<ObjectKey>;
  readonly restartedAt: string;
  readonly events: EventSink;
  readonly report: MemoryStore;
}

/** One kind of trigger: all that the rest of the program knows of it. A row of registry.ts. */
export interface TriggerKind<N extends string, T extends Tree> extends Option {
  readonly name: N;
  readonly settings: T;
  /** What readers of the report may know of what is followed; no secret. */
  subject?(config: Checked<T>): Readonly<Record<string, string>>;
  /** What it has to be allowed to do, beside `get` on nodes and what every controller needs in its own namespace. */
  rights?(config: Checked<T>): readonly Right[];
  /** Of a kind to which each site is a Kubernetes cluster: the `cluster` of the site where the controller runs. */
  ownCluster?(config: Checked<T>): string;
  check?(values: Values<T>, context: CheckContext): void;
  /** Starts nothing and asks nobody: that begins with `watch` and `observe`. */
  create(config: Checked<T>, ports: TriggerPorts): Trigger;
}

/** Gives a kind its types. */
export function triggerKind<const N extends string, const T extends Tree>(
  kind: TriggerKind<N, T>,
): TriggerKind<N, T> {
  return kind;
}
