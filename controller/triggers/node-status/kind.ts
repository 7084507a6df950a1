import * as z from 'zod';
import { NODES } from '../../../kubernetes/resources.ts';
import { whole } from '../../../settings/fields.ts';
import { Setting } from '../../../settings/settings.ts';
import { triggerKind } from '../trigger-kind.ts';
import { NodeStatusTrigger } from './trigger.ts';

const settings = {
  order: new Setting(
    '',
    'list',
    z.array(z.string('must be the name of a site'), 'must be a list of site names').optional(),
    'The sites in order of preference; one that is left out is never active. Not set: the order of `sites`.',
  ),
  minReadyNodes: new Setting(
    '',
    'number',
    whole(1, 5000).default(1),
    'A site counts as ready while at least so many of its nodes are.',
  ),
  unreadyAfter: new Setting(
    '',
    'number',
    whole(0, 86_400).default(60),
    'Seconds that the active site may be unready before another one takes over.',
  ),
  failback: new Setting(
    '',
    'text',
    z.enum(['manual', 'auto'], 'must be manual or auto').default('manual'),
    '`auto`: back to a site that goes before the active one, once it is stable. `manual`: the active site stays until it fails.',
  ),
  stableFor: new Setting(
    '',
    'number',
    whole(0, 86_400).optional(),
    'With `failback: auto`: seconds that a site must have been ready before it gets the service back. Not set: 300.',
  ),
};

export const NODE_STATUS = triggerKind({
  name: 'node-status',
  meaning: 'The first site whose nodes are ready, in an order of preference.',
  settings,
  rights: () => [
    {
      group: '',
      resource: NODES.plural,
      verbs: ['list', 'watch'],
      reason: 'Hears at once when a node becomes ready or is so no more.',
    },
  ],
  check({ order, minReadyNodes = 1, failback, stableFor }, { sites = [], report }) {
    if (failback === 'manual' && stableFor !== undefined) {
      report(['stableFor'], stableFor, 'is for failback: auto only');
    }
    for (const [index, name] of (order ?? []).entries()) {
      const isFirst = order?.indexOf(name) === index;
      if (!isFirst) report(['order'], name, 'must name each site once');
      if (sites.length > 0 && !sites.some((site) => site.name === name)) {
        report(['order'], name, `must name sites: ${sites.map((site) => site.name).join(', ')}`);
      }
    }
    if (order?.length === 0) report(['order'], order, 'must name at least one site');
    const small = sites.find(
      ({ name, nodeSelector, nodeNames }) =>
        (order?.includes(name) ?? true) && nodeSelector === undefined && nodeNames.length < minReadyNodes,
    );
    if (small !== undefined) {
      const count = small.nodeNames.length;
      report(
        ['minReadyNodes'],
        minReadyNodes,
        `can never be reached by site "${small.name}", which has ${count}`,
      );
    }
  },
  create({ order, minReadyNodes, unreadyAfter, failback, stableFor = 300 }, ports) {
    return new NodeStatusTrigger({
      ports,
      order: order ?? ports.sites.all.map(({ name }) => name),
      minReadyNodes,
      rules: {
        unreadyAfterMs: unreadyAfter * 1000,
        stableForMs: failback === 'auto' ? stableFor * 1000 : undefined,
      },
    });
  },
});
