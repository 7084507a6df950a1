import { DEFAULT_FOLLOWER } from '../../contract/names.ts';
import { ACTIVE_CONDITION, siteLabel } from '../../contract/routing.ts';
import { asSites, decodeStatus, type Status } from '../../contract/status.ts';
import { CONFIG_MAPS, type ConfigMap, PODS, type Pod } from '../../kubernetes/resources.ts';
import type { Change } from './api-objects.ts';
import type { ApiServer } from './api-server.ts';
import { APPS, REPORT, STATUS } from './setup.ts';

export interface HeldPorts {
  readonly server: ApiServer;
  readonly isReplica: (actor: string) => boolean;
  readonly report: (violation: string) => void;
}

const SITE = siteLabel(DEFAULT_FOLLOWER);

/**
 * Held means held everywhere: a node on which our pods run never goes from a site to nowhere, whatever becomes of its
 * labels, and nobody tells its pods that they are nowhere. The pods of the Service stay where they are for all time, so
 * nothing excuses it.
 */
export class HeldInvariants {
  readonly #ports: HeldPorts;
  /** The site of each node as it was published last. */
  #siteOf: ReadonlyMap<string, string> = new Map();
  #wasRestored = false;

  constructor(ports: HeldPorts) {
    this.#ports = ports;
  }

  /** What the copy does not know nobody does. */
  onRestored(): void {
    const status = decodeStatus(this.#ports.server.find<ConfigMap>(CONFIG_MAPS, STATUS)?.data);
    this.#siteOf = byNode(status?.sites ?? this.#remembered());
    this.#wasRestored = true;
  }

  onChange({ actor, resource, key, before, after }: Change): void {
    const isOurs = this.#ports.isReplica(actor);
    if (
      resource.plural === CONFIG_MAPS.plural &&
      key.name === STATUS.name &&
      key.namespace === STATUS.namespace
    ) {
      this.#onStatus(actor, decodeStatus((after as ConfigMap | undefined)?.data), isOurs);
    } else if (isOurs && resource.plural === PODS.plural && key.namespace === APPS) {
      this.#onPod(actor, before as Pod, after as Pod);
    }
  }

  #onStatus(actor: string, status: Status | undefined, isOurs: boolean): void {
    if (!isOurs) {
      // Who reads no status any more has the report, which may not know the last second.
      if (status === undefined) this.#siteOf = byNode(this.#remembered());
      return;
    }
    const now = byNode(status?.sites ?? {});
    for (const [node, site] of this.#siteOf) {
      const hasPod = this.#ports.server.find(PODS, { namespace: APPS, name: `web-${node}` }) !== undefined;
      if (hasPod && !now.has(node)) this.#ports.report(`${actor} takes ${node} out of ${site} into nowhere`);
    }
    this.#siteOf = now;
  }

  #onPod(actor: string, before: Pod, after: Pod): void {
    const { name } = after.metadata;
    const lost = before.metadata.labels?.[SITE];
    if (lost !== undefined && after.metadata.labels?.[SITE] === undefined) {
      this.#ports.report(`${actor} takes the label ${lost} from ${name}`);
    }
    const message = (pod: Pod) =>
      pod.status?.conditions?.find(({ type }) => type === ACTIVE_CONDITION)?.message ?? '';
    // One that lost its condition with the copy is told at once, by what is known a moment before the status.
    const wasTold = message(before) !== '' || !this.#wasRestored;
    const isNew = wasTold && message(after) !== message(before);
    if (isNew && message(after).endsWith('in no site') && this.#siteOf.has(after.spec?.nodeName ?? '')) {
      this.#ports.report(`${actor} tells ${name} that it is in no site`);
    }
  }

  #remembered(): Status['sites'] {
    const data = this.#ports.server.find(CONFIG_MAPS, REPORT)?.data;
    return asSites(JSON.parse(data?.sites ?? '{}')) ?? {};
  }
}

function byNode(sites: Status['sites']): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(sites).flatMap(([site, nodes]) => nodes.map((node) => [node, site] as const)),
  );
}
