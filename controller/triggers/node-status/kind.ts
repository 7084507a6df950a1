import * as z from 'zod';
import { decodeStatus } from '../../../contract/status.ts';
import { ignoreNotFound } from '../../../kubernetes/errors.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
import { isReadyAndStays, readyCondition } from '../../../kubernetes/ready.ts';
import { CONFIG_MAPS, NODES, type Node } from '../../../kubernetes/resources.ts';
import { whole } from '../../../settings/fields.ts';
import { Alarm } from '../../watch/alarm.ts';
import { onDifference, reflect } from '../../watch/reflect.ts';
import { nodesOfSite } from '../nodes-of-site.ts';
import { type Observation, type Trigger, unknown } from '../trigger.ts';
import type { CheckContext, ConfiguredTrigger, TriggerPorts } from '../trigger-kind.ts';
import { chooseSite, type Rules, type SiteChoice, type SiteFacts, trackReadiness } from './choose-site.ts';
import { decode, encode, type Remembered } from './memory.ts';

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

type NodeStatusConfig = z.output<typeof NODE_STATUS>;

export function nodeStatus(config: NodeStatusConfig): ConfiguredTrigger {
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
    create: (ports) => new NodeStatusTrigger(config, ports),
  };
}

function check(
  { order, minReadyNodes, failback, stableFor }: NodeStatusConfig,
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

interface NodeObservation extends SiteFacts {
  /** The first of the ready nodes by name. */
  readonly node: string | undefined;
}

/** The section of the report. */
const SECTION = 'node-status';
/** At most this much of a waiting time is lost with the leader that waited. Observations come about every ten seconds. */
const NOTE_EVERY_MS = 5_000;

/** Makes the first site active whose nodes are ready, and keeps to it as long as it can. */
class NodeStatusTrigger implements Trigger {
  readonly #ports: TriggerPorts;
  /** Names of sites, by preference. */
  readonly #order: readonly string[];
  readonly #minReadyNodes: number;
  readonly #rules: Rules;
  readonly #alarm: Alarm;
  #remembered: Remembered | undefined;
  /** The active site as it is stored for the next leader. */
  #stored = '';
  /** When it was last noted how long each site has stood as it does; monotonic. */
  #notedAt = Number.NEGATIVE_INFINITY;

  constructor(config: NodeStatusConfig, ports: TriggerPorts) {
    const { order, minReadyNodes, unreadyAfter, failback, stableFor = 300 } = config;
    this.#ports = ports;
    this.#order = order ?? ports.sites.all.map(({ name }) => name);
    this.#minReadyNodes = minReadyNodes;
    this.#rules = {
      unreadyAfterMs: unreadyAfter * 1000,
      stableForMs: failback === 'auto' ? stableFor * 1000 : undefined,
    };
    this.#alarm = new Alarm(ports.clock);
  }

  async watch(enqueue: () => void, abort: AbortSignal): Promise<void> {
    const ports = this.#ports;
    const nodes = reflect(ports, {
      resource: NODES,
      transform: (node: Node) =>
        JSON.stringify([isReadyAndStays(node), lastChange(node), ports.sites.of(node)?.name]),
      onChange: onDifference(enqueue),
    });
    this.#alarm.connect(enqueue, abort);
    await nodes.run(abort);
  }

  async observe(abort: AbortSignal, leadership: Leadership): Promise<Observation> {
    const looks = await Promise.all(this.#order.map((site) => this.#look(site, abort)));
    const before = this.#remembered ?? (await this.#recall(abort));
    const now = this.#ports.clock.elapsed();
    const standing = trackReadiness(looks, before.standings, now);
    const choice = chooseSite(standing, before.active, now, this.#rules);
    const active = choice.kind === 'active' ? choice.site : before.active;
    await this.#remember({ active, standings: standing }, 'dueMs' in choice, leadership);
    this.#alarm.set('dueMs' in choice ? choice.dueMs : undefined);
    return this.#observationOf(choice, looks);
  }

  #observationOf(choice: SiteChoice, looks: readonly NodeObservation[]): Observation {
    switch (choice.kind) {
      case 'active': {
        const node = looks.find(({ site }) => site === choice.site)?.node ?? '';
        return { kind: 'located', primary: node, node };
      }
      case 'waiting': {
        const at = this.#time(choice.dueMs);
        return unknown('SiteNotReady', `site ${choice.site} is not ready; another one takes over at ${at}`);
      }
      case 'none ready': {
        const enough = this.#minReadyNodes === 1 ? 'a ready node' : `${this.#minReadyNodes} ready nodes`;
        return unknown('NoSiteReady', `none of the sites ${this.#order.join(', ')} has ${enough}`);
      }
    }
  }

  /** To the second: the status must not change because two clocks differ by a millisecond. */
  #time(inMs: number): string {
    const ms = this.#ports.clock.now() + inMs;
    return new Date(Math.round(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z');
  }

  async #look(name: string, abort: AbortSignal): Promise<NodeObservation> {
    const ports = this.#ports;
    const site = ports.sites.named(name);
    const nodes = site === undefined ? [] : await nodesOfSite(ports, site, abort);
    const ready = nodes.filter(isReadyAndStays);
    const mark = nodes.map(lastChange).sort().at(-1) ?? '';
    return { site: name, ready: ready.length >= this.#minReadyNodes, mark, node: ready[0]?.metadata.name };
  }

  /**
   * What is published counts where the report knows nothing, since somebody may have deleted it, or where it is of before
   * the last move: it was restored with all of etcd.
   */
  async #recall(abort: AbortSignal): Promise<Remembered> {
    const { api, clock, report, statusMap, siteSinceReport } = this.#ports;
    const remembered = decode(report.get(SECTION), clock);
    this.#stored = remembered?.active ?? '';
    if (remembered !== undefined) return { ...remembered, active: siteSinceReport() ?? remembered.active };
    const map = await api.get(CONFIG_MAPS, statusMap, { abort }).catch(ignoreNotFound);
    return { active: decodeStatus(map?.data)?.activeSite ?? '', standings: new Map() };
  }

  /**
   * The choice of a site is stored before anybody hears of it: the next leader must not choose otherwise. While a time
   * runs that decides something, so is how much of it was seen: the next leader goes on from there.
   */
  async #remember(now: Remembered, isWaiting: boolean, leadership: Leadership): Promise<void> {
    const { clock, report } = this.#ports;
    const before = this.#remembered;
    const isSame = before?.active === now.active && sameStandings(before, now);
    this.#remembered = now;
    if (!isSame || (isWaiting && clock.elapsed() - this.#notedAt >= NOTE_EVERY_MS)) {
      this.#notedAt = clock.elapsed();
      report.set(SECTION, encode(now, clock));
    }
    if (now.active === this.#stored) return;
    await report.save(leadership);
    this.#stored = now.active;
  }
}

function sameStandings(before: Remembered, now: Remembered): boolean {
  const known = before.standings;
  return (
    known.size === now.standings.size && [...now.standings].every(([site, at]) => known.get(site) === at)
  );
}

/** When the node last became ready or stopped to be, on the clock of the reporter. */
function lastChange(node: Node): string {
  return readyCondition(node)?.lastTransitionTime ?? '';
}
