import * as z from 'zod';
import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { isReadyAndStays } from '../../kubernetes/ready.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { onDifference, reflect } from '../watch/reflect.ts';
import { nodesOfSite } from './nodes-of-site.ts';
import { type Observation, type Trigger, unknown } from './trigger.ts';
import type { ConfiguredTrigger, TriggerPorts } from './trigger-kind.ts';

/** On the status ConfigMap of the follower: the name of the site that is to be active. */
export const MANUAL_SITE = 'site-follower/manual-site';

type Ports = Pick<
  TriggerPorts,
  'api' | 'clock' | 'random' | 'onWatchProblem' | 'onWatchList' | 'sites' | 'lastSites' | 'statusMap'
>;

export const MANUAL = z.object({ kind: z.literal('manual') }).meta({
  description: `The site that a human names in the annotation \`${MANUAL_SITE}\` of the status ConfigMap; for drills.`,
});

export function manual(): ConfiguredTrigger {
  return { subject: {}, create: (ports) => new ManualTrigger(ports) };
}

class ManualTrigger implements Trigger {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  async watch(enqueue: () => void, abort: AbortSignal): Promise<void> {
    const { namespace, name } = this.#ports.statusMap;
    const maps = reflect(this.#ports, {
      resource: CONFIG_MAPS,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      transform: chosenIn,
      onChange: onDifference(enqueue),
    });
    await maps.run(abort);
  }

  async observe(abort: AbortSignal): Promise<Observation> {
    const { api, statusMap, sites } = this.#ports;
    const map = await api.get(CONFIG_MAPS, statusMap, { abort }).catch(ignoreNotFound);
    const chosen = map === undefined ? '' : chosenIn(map);
    if (chosen === '') return unknown('NothingChosen', `no annotation ${MANUAL_SITE} names a site`);
    const site = sites.named(chosen);
    if (site === undefined) {
      const names = sites.all.map(({ name }) => name).join(', ');
      return unknown('SourceInvalid', `the annotation ${MANUAL_SITE} names none of the sites ${names}`);
    }
    const nodes = await nodesOfSite(this.#ports, site, abort);
    const node = (nodes.find(isReadyAndStays) ?? nodes[0])?.metadata.name;
    if (node === undefined) return unknown('NodeNotFound', `no node of site ${chosen} exists`);
    return { kind: 'located', primary: node, node };
  }
}

function chosenIn({ metadata }: ConfigMap): string {
  return metadata.annotations?.[MANUAL_SITE]?.trim() ?? '';
}
