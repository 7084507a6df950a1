import type { Sites } from '../../controller/sites.ts';
import { CLUSTERS, type Cluster, isOwnedBy } from '../../controller/triggers/cnpg/cluster.ts';
import { NODES, PODS } from '../../kubernetes/resources.ts';
import type { ApiServer } from './api-server.ts';
import { CLUSTER } from './postgres.ts';

/** Where the primary really stands, all of it at one moment. */
export interface Place {
  readonly primary: string;
  readonly node: string;
  readonly site: string;
}

export const samePlace = (one: Place | undefined, other: Place | undefined): boolean =>
  one?.primary === other?.primary && one?.node === other?.node && one?.site === other?.site;

/** What was true, and when: what the program said is measured against it. */
export class Truth {
  readonly #server: ApiServer;
  readonly #sites: Sites;
  readonly #history: { from: number; place: Place | undefined }[] = [];

  constructor(server: ApiServer, sites: Sites) {
    this.#server = server;
    this.#sites = sites;
  }

  get now(): Place | undefined {
    return this.#history.at(-1)?.place;
  }

  /** To be called after every change of the world. */
  record(time: number): void {
    const place = this.#look();
    if (this.#history.length === 0 || !samePlace(place, this.now)) this.#history.push({ from: time, place });
  }

  /** Whether `place` was true at some moment from `start` to `end`. */
  heldWithin(place: Place, start: number, end: number): boolean {
    return this.#history.some(({ from, place: was }, index) => {
      const until = this.#history[index + 1]?.from ?? Number.POSITIVE_INFINITY;
      return from <= end && until >= start && samePlace(was, place);
    });
  }

  #look(): Place | undefined {
    const cluster = this.#server.find(CLUSTERS, CLUSTER);
    const primary = cluster && primaryOf(cluster);
    if (primary === undefined) return undefined;
    const pod = this.#server.find(PODS, { namespace: CLUSTER.namespace, name: primary });
    const node = this.#server.find(NODES, { name: pod?.spec?.nodeName ?? '' });
    if (pod === undefined || node === undefined || !isOwnedBy(pod, cluster as Cluster)) return undefined;
    const site = this.#sites.of(node)?.name;
    return site === undefined ? undefined : { primary, node: node.metadata.name, site };
  }
}

function primaryOf({ metadata, status }: Cluster): string | undefined {
  const primary = status?.currentPrimary ?? '';
  return metadata.deletionTimestamp !== undefined || primary === '' || primary === 'pending'
    ? undefined
    : primary;
}
