import { CLUSTERS, type Cluster, isOwnedBy, PENDING } from '../../cnpg/cluster.ts';
import type { Sites } from '../../controller/sites/sites.ts';
import { NODES, PODS, type Pod } from '../../kubernetes/resources.ts';
import type { ApiServer } from './api-server.ts';
import { CLUSTER, NODE_LABELS } from './postgres.ts';

/** Where the primary really stands, all of it at one moment. */
export interface Place {
  readonly primary: string;
  readonly node: string;
  readonly site: string;
}

export const samePlace = (one: Place | undefined, other: Place | undefined): boolean =>
  one?.primary === other?.primary && one?.node === other?.node && one?.site === other?.site;

/** Something that changes, with its past. */
export class History<T> {
  readonly #entries: { readonly from: number; readonly value: T }[] = [];

  get now(): T | undefined {
    return this.#entries.at(-1)?.value;
  }

  record(time: number, value: T): void {
    if (this.#entries.length === 0 || this.now !== value) this.#entries.push({ from: time, value });
  }

  heldWithin(value: T, start: number, end: number): boolean {
    return this.#entries.some(({ from, value: was }, index) => {
      const until = this.#entries[index + 1]?.from ?? Number.POSITIVE_INFINITY;
      return was === value && from <= end && until >= start;
    });
  }
}

/**
 * What was true, and when: what the program said is measured against it. That the primary stands on a node is one
 * fact, at one moment; that the node belongs to a site is another one, since it outlasts the primary's stay.
 */
export class Truth {
  readonly #server: ApiServer;
  readonly #sites: Sites;
  readonly #stays = new History<string>();
  readonly #siteOfNode = new Map<string, History<string>>();

  constructor(server: ApiServer, sites: Sites) {
    this.#server = server;
    this.#sites = sites;
  }

  /** Undefined while there is nothing to follow. */
  get now(): Place | undefined {
    const [primary = '', node = ''] = this.#stays.now?.split(' on ') ?? [];
    const site = this.#siteOfNode.get(node)?.now ?? '';
    return site === '' ? undefined : { primary, node, site };
  }

  /** To be called after every change of the world. */
  record(time: number): void {
    this.#stays.record(time, this.#stay());
    for (const node of Object.keys(NODE_LABELS)) {
      const object = this.#server.find(NODES, { name: node });
      const history = this.#siteOfNode.get(node) ?? new History();
      this.#siteOfNode.set(node, history);
      history.record(time, (object && this.#sites.of(object)?.name) ?? '');
    }
  }

  /** Whether `place` was true within the time from `start` to `end`. */
  heldWithin({ primary, node, site }: Place, start: number, end: number): boolean {
    const belonged = this.#siteOfNode.get(node)?.heldWithin(site, start, end) ?? false;
    return belonged && this.#stays.heldWithin(stayOf(primary, node), start, end);
  }

  #stay(): string {
    const cluster = this.#server.find(CLUSTERS, CLUSTER);
    const primary = cluster && primaryOf(cluster);
    if (primary === undefined) return '';
    const pod = this.#server.find(PODS, { namespace: CLUSTER.namespace, name: primary });
    const node = pod?.spec?.nodeName;
    return node !== undefined && isOwnedBy(pod as Pod, cluster as Cluster) ? stayOf(primary, node) : '';
  }
}

const stayOf = (primary: string, node: string) => `${primary} on ${node}`;

function primaryOf({ metadata, status }: Cluster): string | undefined {
  const primary = status?.currentPrimary ?? '';
  return metadata.deletionTimestamp !== undefined || primary === '' || primary === PENDING
    ? undefined
    : primary;
}
