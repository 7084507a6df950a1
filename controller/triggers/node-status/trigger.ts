import { decodeStatus } from '../../../contract/status.ts';
import { ignoreNotFound } from '../../../kubernetes/errors.ts';
import type { Leadership } from '../../../kubernetes/leadership.ts';
import { isReadyAndStays, readyCondition } from '../../../kubernetes/ready.ts';
import { CONFIG_MAPS, NODES, type Node } from '../../../kubernetes/resources.ts';
import { Alarm } from '../../watch/alarm.ts';
import { onDifference, reflect } from '../../watch/reflect.ts';
import { nodesOfSite } from '../nodes-of-site.ts';
import { type Observation, type Trigger, unknown } from '../trigger.ts';
import type { TriggerPorts } from '../trigger-kind.ts';
import { chooseSite, type Rules, type SiteChoice, type SiteFacts, trackReadiness } from './choose-site.ts';
import { decode, encode, type Remembered } from './memory.ts';

export interface NodeStatusOptions {
  readonly ports: TriggerPorts;
  /** Names of sites, by preference. */
  readonly order: readonly string[];
  readonly minReadyNodes: number;
  readonly rules: Rules;
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
export class NodeStatusTrigger implements Trigger {
  readonly #options: NodeStatusOptions;
  readonly #alarm: Alarm;
  #remembered: Remembered | undefined;
  /** The active site as it is stored for the next leader. */
  #stored = '';
  /** When it was last noted how long each site has stood as it does; monotonic. */
  #notedAt = Number.NEGATIVE_INFINITY;

  constructor(options: NodeStatusOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.ports.clock);
  }

  async watch(enqueue: () => void, abort: AbortSignal): Promise<void> {
    const { ports } = this.#options;
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
    const { ports, order, rules } = this.#options;
    const looks = await Promise.all(order.map((site) => this.#look(site, abort)));
    const before = this.#remembered ?? (await this.#recall(abort));
    const now = ports.clock.elapsed();
    const standing = trackReadiness(looks, before.standings, now);
    const choice = chooseSite(standing, before.active, now, rules);
    const active = choice.kind === 'active' ? choice.site : before.active;
    await this.#remember({ active, standings: standing }, 'dueMs' in choice, leadership);
    this.#alarm.set('dueMs' in choice ? choice.dueMs : undefined);
    return this.#observationOf(choice, looks);
  }

  #observationOf(choice: SiteChoice, looks: readonly NodeObservation[]): Observation {
    const { order, minReadyNodes } = this.#options;
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
        const enough = minReadyNodes === 1 ? 'a ready node' : `${minReadyNodes} ready nodes`;
        return unknown('NoSiteReady', `none of the sites ${order.join(', ')} has ${enough}`);
      }
    }
  }

  /** To the second: the status must not change because two clocks differ by a millisecond. */
  #time(inMs: number): string {
    const ms = this.#options.ports.clock.now() + inMs;
    return new Date(Math.round(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z');
  }

  async #look(name: string, abort: AbortSignal): Promise<NodeObservation> {
    const { ports, minReadyNodes } = this.#options;
    const site = ports.sites.named(name);
    const nodes = site === undefined ? [] : await nodesOfSite(ports, site, abort);
    const ready = nodes.filter(isReadyAndStays);
    const mark = nodes.map(lastChange).sort().at(-1) ?? '';
    return { site: name, ready: ready.length >= minReadyNodes, mark, node: ready[0]?.metadata.name };
  }

  /**
   * What is published counts where the report knows nothing, since somebody may have deleted it, or where it is of before
   * the last move: it was restored with all of etcd.
   */
  async #recall(abort: AbortSignal): Promise<Remembered> {
    const { api, clock, report, statusMap, siteSinceReport } = this.#options.ports;
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
    const { clock, report } = this.#options.ports;
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
