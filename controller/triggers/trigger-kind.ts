import type { Status } from '../../contract/status.ts';
import type { Claims } from '../../dns/claims/claims.ts';
import type { ObjectKey } from '../../kubernetes/api.ts';
import type { Permission } from '../../runtime/rights.ts';
import type { Site } from '../../settings/site.ts';
import type { EventSink } from '../events/event-rules.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Sites } from '../sites/sites.ts';
import type { WatchPorts } from '../watch/reflect.ts';
import type { MemoryStore, Trigger } from './trigger.ts';

/** What a trigger may use of the world. */
export interface TriggerPorts extends WatchPorts {
  readonly follower: string;
  readonly sites: Sites;
  /** Where each site is a Kubernetes cluster. */
  readonly claims?: Claims | undefined;
  /** The nodes of each site as they were published last. Throws KubeError. */
  readonly lastSites: (abort: AbortSignal) => Promise<Status['sites']>;
  /**
   * The site that this replica has seen published since what the report remembers; undefined when the report knows of
   * the last move. After etcd was restored to an older copy it may not, and its other sections are as old.
   */
  readonly siteSinceReport: () => string | undefined;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The status ConfigMap of the follower; its namespace is the controller's own. */
  readonly statusMap: Required<ObjectKey>;
  readonly restartedAt: string;
  readonly events: EventSink;
  readonly report: MemoryStore;
}

export interface CheckContext {
  /** Undefined when they have a problem of their own. */
  readonly sites: readonly Site[] | undefined;
  /** `key` is the setting to blame; the problem reads on from it. */
  readonly report: (key: string, got: unknown, problem: string) => void;
}

/** A trigger with its settings: all that the rest of the program knows of it. */
export interface ConfiguredTrigger {
  /**
   * What readers of the report may know of what is followed; no secret. `namespace`: that of the pods that are followed, which
   * never get a sidecar, as they would wait for themselves. Empty where no pods are followed.
   */
  readonly subject: Readonly<Record<string, string>>;
  /** What it has to be allowed to do, beside `get` on nodes and what every controller needs in its own namespace. */
  readonly rights?: readonly Permission[];
  /** Where each site is a Kubernetes cluster: the `cluster` of that in which this controller runs. */
  readonly ownCluster?: string;
  /** Reports what no single setting shows. Pure. */
  check?(context: CheckContext): void;
  /** Starts nothing and makes no calls: that begins with `watch` and `observe`. */
  create(ports: TriggerPorts): Trigger;
}
