import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { PeerSource } from './peers/reported.ts';
import type { SignalPorts } from './signals/ports.ts';
import type { SharedParts } from './signals/shared-parts.ts';
import type { ConnectionBudget } from './warm-connections.ts';
import type { WatchPorts } from './watch/reflect.ts';

/** What the controller needs of the world. All of it is simulated in test/simulation. */
export interface ControllerPorts
  extends WatchPorts,
    Pick<SignalPorts, 'createProvider' | 'lookup' | 'locks' | 'post'> {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Of this replica: the pod's name. */
  readonly identity: string;
  /** Of the controller's own objects. */
  readonly namespace: string;
  /** The `kubectl.kubernetes.io/restartedAt` of this pod; empty when it has none. */
  readonly restartedAt: string;
  /** What other clusters say, for the report; no decision asks for it. */
  readonly peers?: PeerSource;
}

/** And what its followers share. */
export interface FollowerPorts extends ControllerPorts, SharedParts {
  readonly connectionBudget: ConnectionBudget;
}
