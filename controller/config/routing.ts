import * as z from 'zod';
import { flag } from '../../settings/fields.ts';
import { CONDITION_ORDERS } from '../signals/pod-conditions/plan.ts';

/** Ways to reach the active site inside the cluster. */
export const ROUTING = z.object({
  followServices: flag().default(true).meta({
    env: 'FOLLOW_SERVICES',
    description:
      'Services with the label `site-follower/follow=true` route to the active site alone. `false`: they are left alone, and the controller needs no right to change Services and pods.',
  }),
  podConditions: flag().default(true).meta({
    env: 'POD_CONDITIONS',
    description:
      'Pods with `site-follower/gate: condition` are gated by a condition in their status. `false`: nobody keeps it, so such pods never get ready, and the controller needs no right to change the status of pods.',
  }),
  conditionOrder: z
    .enum(CONDITION_ORDERS, { error: `must be one of ${CONDITION_ORDERS.join(', ')}` })
    .default('new-site-first')
    .meta({
      env: 'CONDITION_ORDER',
      description:
        'Which of them are written first at a move: `new-site-first` (for a moment both sites are ready) or `old-site-first` (for a moment none).',
    }),
  nodeLabel: flag().default(false).meta({
    env: 'NODE_LABEL',
    description:
      'Nodes of the active site carry the label `site-follower/active=true`, so that workloads can be scheduled beside the primary.',
  }),
});
