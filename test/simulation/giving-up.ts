import { configMapName } from '../../contract/names.ts';
import { decodeStatus, type Status } from '../../contract/status.ts';
import { isReadyAndStays } from '../../kubernetes/ready.ts';
import { CONFIG_MAPS, type ConfigMap, NODES } from '../../kubernetes/resources.ts';
import type { Change } from './api-objects.ts';
import type { ApiServer } from './api-server.ts';
import { BY_NODES, OPS, STABLE_FOR_MS, STATUS, UNREADY_AFTER_MS } from './setup.ts';

/** A second follower, which follows the readiness of nodes. */
const KEY = { namespace: OPS, name: configMapName(STATUS.name, BY_NODES) };

/** Where each node really stands, whatever its labels say. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  us: ['us-1', 'us-2'],
  eu: ['eu-1', 'eu-2'],
  ap: ['ap-1'],
};
/** In the order of preference. */
const ORDER = Object.keys(HOMES);
/** A decision is written at most so much later, or not at all. */
const WRITTEN_WITHIN_MS = 60_000;

export interface GivingUpPorts {
  readonly server: ApiServer;
  readonly isReplica: (actor: string) => boolean;
  readonly now: () => number;
  readonly report: (violation: string) => void;
}

interface Span {
  readonly isReady: boolean;
  readonly from: number;
}

/** No site is given up, and none gets the service back, earlier than configured, whatever the clocks of replicas say. */
export class GivingUpInvariants {
  readonly #ports: GivingUpPorts;
  /** Of each site, whether one of its nodes was ready, and since when; the newest last. */
  readonly #spans = new Map<string, Span[]>(ORDER.map((site) => [site, []]));
  #active = '';

  constructor(ports: GivingUpPorts) {
    this.#ports = ports;
  }

  get published(): Status | undefined {
    return decodeStatus(this.#ports.server.find(CONFIG_MAPS, KEY)?.data);
  }

  /** Of what was published since the copy only replicas know. */
  onRestored(): void {
    this.#active = '';
  }

  onChange({ actor, resource, key, after }: Change): void {
    if (resource.plural === NODES.plural) this.#record();
    if (resource.plural !== CONFIG_MAPS.plural || key.name !== KEY.name || key.namespace !== OPS) return;
    const { activeSite = '' } = decodeStatus((after as ConfigMap | undefined)?.data) ?? {};
    if (this.#ports.isReplica(actor) && this.#active !== '' && activeSite !== this.#active) {
      this.#check(actor, this.#active, activeSite);
    }
    this.#active = activeSite;
  }

  /** What is not yet as it should be in the end, when all nodes are ready. */
  differences(): string[] {
    const { phase = 'nothing', reason = '' } = this.published ?? {};
    return phase === 'Settled' ? [] : [`the status of ${BY_NODES} says ${phase} ${reason}`];
  }

  #check(actor: string, from: string, to: string): void {
    const isBack = ORDER.indexOf(to) < ORDER.indexOf(from);
    if (this.#lasted(from, false) >= UNREADY_AFTER_MS) return;
    if (isBack && this.#lasted(to, true) >= STABLE_FOR_MS) return;
    this.#ports.report(
      `${actor} gives ${from} up for ${to}, which was unready for ${this.#lasted(from, false)} ms and the other one ready for ${this.#lasted(to, true)} ms`,
    );
  }

  /** The longest time for which a site stood so, of those that may have been seen. */
  #lasted(site: string, isReady: boolean): number {
    const spans = this.#spans.get(site) ?? [];
    const now = this.#ports.now();
    const lasted = spans.map((span, index) => {
      const until = spans[index + 1]?.from ?? now;
      return span.isReady === isReady && until >= now - WRITTEN_WITHIN_MS ? until - span.from : 0;
    });
    return Math.max(0, ...lasted);
  }

  #record(): void {
    for (const [site, spans] of this.#spans) {
      const nodes = (HOMES[site] ?? []).map((name) => this.#ports.server.find(NODES, { name }));
      const ready = nodes.some((node) => node !== undefined && isReadyAndStays(node));
      if (spans.at(-1)?.isReady !== ready) spans.push({ isReady: ready, from: this.#ports.now() });
    }
  }
}
