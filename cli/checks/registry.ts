import { AUTOSCALED } from './autoscalers.ts';
import { BUDGETS } from './budgets.ts';
import { CA_BUNDLE, CERTIFICATE } from './certificate.ts';
import type { Check } from './check.ts';
import { CLOCKS } from './clocks.ts';
import { CONTROLLER } from './controller.ts';
import { DATABASES } from './databases.ts';
import { DNS } from './dns.ts';
import { FOLLOWED } from './followed.ts';
import { MISPLACED } from './labels.ts';
import { LIMITS } from './limits.ts';
import { NODES_IN_SITES } from './nodes.ts';
import { OWN_PODS } from './own-pods.ts';
import { PEERS } from './peers.ts';
import { MISSED, WRONG_SIDE } from './pods.ts';
import { POLICIES } from './policies.ts';
import { RIGHTS } from './rights.ts';
import { ROLLOUTS } from './rollouts.ts';
import { SIDECARS } from './sidecars.ts';
import { WEBHOOK } from './webhook.ts';

/** One row a check, in the order in which they are shown. docs/cli.md is generated from it. */
export const CHECKS: readonly Check[] = [
  CONTROLLER,
  OWN_PODS,
  RIGHTS,
  FOLLOWED,
  NODES_IN_SITES,
  DNS,
  PEERS,
  CLOCKS,
  WEBHOOK,
  CERTIFICATE,
  CA_BUNDLE,
  POLICIES,
  MISPLACED,
  DATABASES,
  MISSED,
  SIDECARS,
  LIMITS,
  WRONG_SIDE,
  ROLLOUTS,
  BUDGETS,
  AUTOSCALED,
];
