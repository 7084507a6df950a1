/** Sees, beside the controller and not through it, where the primary is, what the status says and where Services route. */
import { CLUSTERS, type Cluster } from '../../../cnpg/cluster.ts';
import { STATUS_CONFIGMAP } from '../../../contract/names.ts';
import { decodeStatus, type Status } from '../../../contract/status.ts';
import type { KubeApi, KubeObject, Resource } from '../../../kubernetes/api.ts';
import { Reflector } from '../../../kubernetes/reflector.ts';
import { CONFIG_MAPS, type ConfigMap, NODES, type Node } from '../../../kubernetes/resources.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { News } from '../../support/news.ts';
import { ENDPOINT_SLICES, type EndpointSlice } from '../../support/pod-runner/service-watch.ts';
import { Timeline } from './timeline.ts';

/** The primary came to another instance. Times are milliseconds since 1970. */
export interface Move {
  readonly event: string;
  readonly from: string;
  readonly to: string;
  /** What the Cluster itself says: `currentPrimaryTimestamp`. */
  readonly at: number;
  /** When it was told here. */
  readonly seenAt: number;
  /** The status named the new site, with this epoch. */
  epoch?: number;
  statusAt?: number;
  /** By Service: its endpoints changed for the first time. */
  readonly firstAt: Partial<Record<string, number>>;
  /** By Service: ready are all pods on the new site, and no others. */
  readonly routedAt: Partial<Record<string, number>>;
}

export interface RecorderOptions {
  readonly api: KubeApi;
  /** Of the chart's release. */
  readonly namespace: string;
  readonly primary: { readonly namespace: string; readonly name: string };
  readonly app: { readonly namespace: string; readonly podsInSite: number };
  /** Node names by site. */
  readonly sites: ReadonlyMap<string, readonly string[]>;
  /** Where an instance of the primary runs. */
  readonly siteOf: (instance: string) => Promise<string>;
}

export class Recorder {
  readonly timeline = new Timeline();
  readonly moves: Move[] = [];
  status: Status | undefined;
  cluster: Cluster | undefined;
  /** What causes the moves now; for the table. */
  event = 'start';
  /** Called with each move, as soon as it is told. */
  onMove: (move: Move) => void = () => undefined;
  readonly #options: RecorderOptions;
  readonly #news = new News<void>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];
  readonly #siteOfNode = new Map<string, string>();
  readonly #siteOfInstance = new Map<string, string>();
  /** Nodes of the ready endpoints, by Service and slice. */
  readonly #ready = new Map<string, Map<string, readonly string[]>>();

  constructor(options: RecorderOptions) {
    this.#options = options;
    for (const [site, nodes] of options.sites) for (const node of nodes) this.#siteOfNode.set(node, site);
  }

  start(): void {
    const { namespace, primary, app } = this.#options;
    this.#follow<Cluster>(CLUSTERS, { namespace: primary.namespace, name: primary.name }, (_key, now) =>
      this.#sawCluster(now),
    );
    this.#follow<ConfigMap>(CONFIG_MAPS, { namespace, name: STATUS_CONFIGMAP }, (_key, now) =>
      this.#sawStatus(now),
    );
    this.#follow<EndpointSlice>(ENDPOINT_SLICES, { namespace: app.namespace }, (key, now, before) =>
      this.#sawSlice(key, now, before),
    );
    this.#follow<Node>(NODES, {}, (_key, now) => this.#sawNode(now));
  }

  siteOfNode(node: string): string | undefined {
    return this.#siteOfNode.get(node);
  }

  /** The site of the primary, as the Cluster says; undefined before the first. */
  get activeSite(): string | undefined {
    return this.timeline.marks('primary').at(-1)?.value;
  }

  /** How many ready endpoints the Service has, by site. */
  ready(service: string): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const node of [...(this.#ready.get(service)?.values() ?? [])].flat()) {
      const site = this.#siteOfNode.get(node) ?? `node ${node}`;
      counts.set(site, (counts.get(site) ?? 0) + 1);
    }
    return counts;
  }

  routesOnlyTo(service: string, site: string, count: number): boolean {
    const ready = this.ready(service);
    return ready.size === 1 && ready.get(site) === count;
  }

  /** Looks at each change until `look` gives something other than undefined. */
  until<T>(what: string, look: () => T | undefined, timeoutMs: number): Promise<T> {
    const inVain = () => {
      const lanes = this.timeline.lanes.map((lane) => `${lane}: ${this.timeline.marks(lane).at(-1)?.value}`);
      return `${what}. Seen last: ${lanes.join('; ')}`;
    };
    return this.#news.first([undefined], look, { timeoutMs, inVain });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  #follow<T extends KubeObject>(
    resource: Resource<T>,
    { namespace, name }: { readonly namespace?: string; readonly name?: string },
    onChange: (key: string, now: T | undefined, before: T | undefined) => void,
  ): void {
    const reflector = new Reflector<T, T>({
      api: this.#options.api,
      clock: systemClock,
      random: Math.random,
      resource,
      ...(namespace !== undefined && { namespace }),
      ...(name !== undefined && { fieldSelector: `metadata.name=${name}` }),
      transform: (object) => object,
      onChange: (...change) => {
        onChange(...change);
        this.#news.tell();
      },
    });
    this.#running.push(reflector.run(this.#stop.signal));
  }

  #sawCluster(now: Cluster | undefined): void {
    const seenAt = Date.now();
    this.cluster = now;
    const {
      currentPrimary,
      currentPrimaryTimestamp = '',
      phase = 'none',
      targetPrimary = '',
    } = now?.status ?? {};
    this.timeline.note('phase', phase, seenAt);
    this.timeline.note('target', targetPrimary, seenAt);
    if (!currentPrimary || !this.timeline.note('instance', currentPrimary, seenAt)) return;
    const stamped = Date.parse(currentPrimaryTimestamp);
    const at = Number.isFinite(stamped) ? stamped : seenAt;
    const known = this.#siteOfInstance.get(currentPrimary);
    if (known !== undefined) this.#moved(known, at, seenAt);
    else {
      this.#options.siteOf(currentPrimary).then(
        (site) => {
          this.#siteOfInstance.set(currentPrimary, site);
          this.#moved(site, at, seenAt);
          this.#news.tell();
        },
        (error: unknown) => console.error(`where ${currentPrimary} runs was not told`, error),
      );
    }
  }

  #moved(to: string, at: number, seenAt: number): void {
    const from = this.activeSite;
    if (!this.timeline.note('primary', to, at) || from === undefined) return;
    const move: Move = { event: this.event, from, to, at, seenAt, firstAt: {}, routedAt: {} };
    this.moves.push(move);
    this.onMove(move);
    this.#judge(seenAt);
  }

  #sawStatus(now: ConfigMap | undefined): void {
    const at = Date.now();
    this.status = decodeStatus(now?.data);
    const { activeSite, phase } = this.status ?? {};
    this.timeline.note('status', activeSite ?? 'none', at);
    this.timeline.note('status phase', phase ?? 'none', at);
    this.#judge(at);
  }

  #sawSlice(key: string, now: EndpointSlice | undefined, before: EndpointSlice | undefined): void {
    const at = Date.now();
    const service = (now ?? before)?.metadata.labels?.['kubernetes.io/service-name'];
    if (service === undefined) return;
    const slices = this.#ready.get(service) ?? new Map<string, readonly string[]>();
    this.#ready.set(service, slices);
    const ready = (now?.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
    if (now === undefined) slices.delete(key);
    else
      slices.set(
        key,
        ready.map(({ nodeName = '' }) => nodeName),
      );
    const counts = this.ready(service);
    for (const site of this.#options.sites.keys()) {
      const isNew = this.timeline.note(`${service} ${site}`, String(counts.get(site) ?? 0), at);
      const move = this.moves.at(-1);
      if (isNew && move !== undefined) move.firstAt[service] ??= at;
    }
    this.#judge(at);
  }

  #sawNode(now: Node | undefined): void {
    if (now === undefined) return;
    const ready = now.status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
    this.timeline.note(`node ${now.metadata.name}`, ready === 'True' ? 'Ready' : 'NotReady', Date.now());
  }

  /** What of the last move is done by now. */
  #judge(at: number): void {
    const move = this.moves.at(-1);
    if (move === undefined) return;
    if (this.status?.activeSite === move.to) {
      move.statusAt ??= at;
      move.epoch ??= this.status.epoch;
    }
    for (const service of this.#ready.keys()) {
      if (this.routesOnlyTo(service, move.to, this.#options.app.podsInSite)) move.routedAt[service] ??= at;
    }
  }
}
