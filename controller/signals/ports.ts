import type { FollowedSubject } from '../../contract/followed.ts';
import type { Transition } from '../../contract/history.ts';
import type { Claims } from '../../dns/claims/claims.ts';
import type { DnsProvider } from '../../dns/provider.ts';
import type { DnsPorts } from '../../dns/provider-kind.ts';
import type { AuthoritativeLookup } from '../../dns/records/authoritative.ts';
import type { ZoneLocks } from '../../dns/zones/zone-locks.ts';
import type { ObjectKey } from '../../kubernetes/api.ts';
import type { Post } from '../../notify/post.ts';
import type { DnsConfig } from '../config.ts';
import type { EventSink } from '../events/event-rules.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Sites } from '../sites/sites.ts';
import type { MemoryStore } from '../triggers/trigger.ts';
import type { WatchPorts } from '../watch/reflect.ts';
import type { SharedParts } from './shared-parts.ts';

/** What signals may use of the world. */
export interface SignalPorts extends WatchPorts, SharedParts {
  readonly createProvider: (
    config: DnsConfig,
    ports: Omit<DnsPorts, 'dispatcher' | 'limiters'>,
  ) => Promise<DnsProvider>;
  readonly lookup: AuthoritativeLookup;
  readonly locks: ZoneLocks;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly sites: Sites;
  /** Where each site is a Kubernetes cluster. */
  readonly claims?: Claims | undefined;
  /** What the follower follows. */
  readonly subject: FollowedSubject;
  readonly statusMap: Required<ObjectKey>;
  readonly events: EventSink;
  /** Sends a notification. */
  readonly post: Post;
  /** Where progress is shown and kept. */
  readonly report: MemoryStore & { readonly history: readonly Transition[] };
}
