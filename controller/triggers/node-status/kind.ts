import * as z from 'zod';
import { NODES } from '../../../kubernetes/resources.ts';
import { whole } from '../../../settings/fields.ts';
import type { CheckContext, ConfiguredTrigger } from '../trigger-kind.ts';
import { NodeStatusTrigger } from './trigger.ts';

export const NODE_STATUS = z
  .object({
    kind: z.literal('node-status'),
    order: z.array(z.string('must be the name of a site'), 'must be a list of site names').optional().meta({
      description:
        'The sites in order of preference; one that is left out is never active. Not set: the order of `sites`.',
    }),
    minReadyNodes: whole(1, 5000)
      .default(1)
      .meta({ description: 'A site counts as ready while at least so many of its nodes are.' }),
    unreadyAfter: whole(0, 86_400)
      .default(60)
      .meta({ description: 'Seconds that the active site may be unready before another one takes over.' }),
    failback: z.enum(['manual', 'auto'], 'must be manual or auto').default('manual').meta({
      description:
        '`auto`: back to a site that goes before the active one, once it is stable. `manual`: the active site stays until it fails.',
    }),
    stableFor: whole(0, 86_400).optional().meta({
      description:
        'With `failback: auto`: seconds that a site must have been ready before it gets the service back. Not set: 300.',
    }),
  })
  .meta({ description: 'The first site whose nodes are ready, in an order of preference.' });

export function nodeStatus(config: z.output<typeof NODE_STATUS>): ConfiguredTrigger {
  const { order, minReadyNodes, unreadyAfter, failback, stableFor = 300 } = config;
  return {
    subject: {},
    rights: [
      {
        group: '',
        resource: NODES.plural,
        verbs: ['list', 'watch'],
        reason: 'Hears at once when a node becomes ready or is so no more.',
      },
    ],
    check: (context) => check(config, context),
    create: (ports) =>
      new NodeStatusTrigger({
        ports,
        order: order ?? ports.sites.all.map(({ name }) => name),
        minReadyNodes,
        rules: {
          unreadyAfterMs: unreadyAfter * 1000,
          stableForMs: failback === 'auto' ? stableFor * 1000 : undefined,
        },
      }),
  };
}

function check(
  { order, minReadyNodes, failback, stableFor }: z.output<typeof NODE_STATUS>,
  { sites = [], report }: CheckContext,
): void {
  if (failback === 'manual' && stableFor !== undefined) {
    report('stableFor', stableFor, 'is for failback: auto only');
  }
  for (const [index, name] of (order ?? []).entries()) {
    const isFirst = order?.indexOf(name) === index;
    if (!isFirst) report('order', name, 'must name each site once');
    if (sites.length > 0 && !sites.some((site) => site.name === name)) {
      report('order', name, `must name sites: ${sites.map((site) => site.name).join(', ')}`);
    }
  }
  if (order?.length === 0) report('order', order, 'must name at least one site');
  const small = sites.find(
    ({ name, nodeSelector, nodeNames }) =>
      (order?.includes(name) ?? true) && nodeSelector === undefined && nodeNames.length < minReadyNodes,
  );
  if (small === undefined) return;
  const count = small.nodeNames.length;
  report('minReadyNodes', minReadyNodes, `can never be reached by site "${small.name}", which has ${count}`);
}
