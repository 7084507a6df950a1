import { ANNOTATIONS, DEFAULT_FOLLOWER, LABELS } from '../../contract/names.ts';
import { ACTIVE_CONDITION, isSiteLabel, siteLabel } from '../../contract/routing.ts';
import type { Status } from '../../contract/status.ts';
import { PODS, type Pod, SERVICES, type Service } from '../../kubernetes/resources.ts';
import type { Change } from './api-objects.ts';
import type { ApiServer } from './api-server.ts';
import type { Call } from './connection.ts';
import { sameJson } from './json.ts';
import { APPS } from './setup.ts';

const WEB = { namespace: APPS, name: 'web' };
const SELECTOR = { app: 'web' };
const SITE = siteLabel(DEFAULT_FOLLOWER);
/** Where its pods run: one on each site, and one on a node that is in none. */
const NODES = ['us-1', 'eu-2', 'ap-1', 'lost-1'];
const READY = { conditions: [{ type: 'Ready', status: 'True' }] };

/** A Service that follows, with ready pods on every site, which are gated by a condition as well. */
export function createFollowingService(server: ApiServer): void {
  server.create<Service>('human', SERVICES, {
    metadata: { ...WEB, labels: { [LABELS.follow]: 'true' } },
    spec: { selector: SELECTOR },
  });
  for (const nodeName of NODES) {
    const key = { namespace: APPS, name: `web-${nodeName}` };
    const labels = { ...SELECTOR, [LABELS.gate]: 'condition' };
    server.create<Pod>('human', PODS, { metadata: { ...key, labels }, spec: { nodeName } });
    server.patch('kubelet', PODS, key, { status: READY }, { type: 'merge', subresource: 'status' });
  }
}

/** Somebody applies its manifest anew, and no webhook is there: the selector is as it was written. */
export function applyService(server: ApiServer): void {
  const service = server.get(SERVICES, WEB);
  server.replace('human', SERVICES, { ...service, spec: { ...service.spec, selector: SELECTOR } });
}

export interface FollowingPorts {
  readonly server: ApiServer;
  readonly isReplica: (actor: string) => boolean;
  readonly mayLead: (actor: string) => boolean;
  /** The site that the status has named in an epoch; undefined: it had no such epoch. */
  readonly siteOfEpoch: (epoch: number) => string | undefined;
  /** A deleted Lease: two may lead for a moment. */
  readonly isLeaseUnknown: () => boolean;
  /** Of the status, apart from what humans make of it. */
  readonly storedEpoch: () => number;
  readonly report: (violation: string) => void;
}

/** What must hold of the Service at each write, judged from outside. */
export class FollowingInvariants {
  readonly #ports: FollowingPorts;
  readonly #mayLead = new WeakMap<Call, boolean>();
  /** The highest epoch that was ever written to it. */
  #highest = -1;
  /** When etcd was restored last; in milliseconds of the virtual clock. */
  #restoredAt: number | undefined;

  constructor(ports: FollowingPorts) {
    this.#ports = ports;
  }

  onRestored(at: number): void {
    this.#highest = -1;
    this.#restoredAt = at;
  }

  onCall(call: Call): void {
    const isWrite = call.verb === 'patch' && call.key.namespace === APPS;
    if (isWrite) this.#mayLead.set(call, this.#ports.mayLead(call.actor));
  }

  onChange(change: Change, call: Call | undefined): void {
    const { actor, resource, key, after } = change;
    if (key.namespace !== APPS || !this.#ports.isReplica(actor)) return;
    if (resource.plural !== SERVICES.plural && resource.plural !== PODS.plural) return;
    const wasLeader = call !== undefined && this.#mayLead.get(call) === true;
    if (!wasLeader) this.#report(`${actor} writes ${resource.plural} ${key.name} without holding the Lease`);
    if (resource.plural === SERVICES.plural) this.#checkRoute(actor, after as Service | undefined, call);
  }

  /** What is not yet as it should be in the end. */
  differences({ activeSite, epoch, sites }: Status): string[] {
    const list: string[] = [];
    const { metadata, spec } = this.#ports.server.get(SERVICES, WEB);
    if (!sameJson(spec?.selector, { ...SELECTOR, [SITE]: activeSite })) {
      list.push(`the Service selects ${JSON.stringify(spec?.selector)}, not the pods of ${activeSite}`);
    }
    const written = metadata.annotations?.[ANNOTATIONS.epoch];
    if (written !== String(epoch)) list.push(`the Service is in epoch ${written}, not in ${epoch}`);
    for (const node of NODES) {
      const { metadata: pod, status } = this.#ports.server.get(PODS, {
        namespace: APPS,
        name: `web-${node}`,
      });
      const { labels } = pod;
      const site = Object.keys(sites).find((name) => sites[name]?.includes(node));
      // A label that came back with the copy is left where nothing is known of the node any more.
      const isLeft = this.#restoredAt !== undefined && site === undefined;
      if (labels?.[SITE] !== site && !isLeft)
        list.push(`the pod on ${node} is labelled ${labels?.[SITE]}, not ${site}`);
      const active = status?.conditions?.find(({ type }) => type === ACTIVE_CONDITION)?.status;
      const wanted = site === activeSite ? 'True' : 'False';
      if (active !== wanted) list.push(`the condition of the pod on ${node} is ${active}, not ${wanted}`);
    }
    return list;
  }

  #checkRoute(actor: string, service: Service | undefined, call: Call | undefined): void {
    const selector = service?.spec?.selector ?? {};
    const site = selector[SITE];
    const epoch = Number(service?.metadata.annotations?.[ANNOTATIONS.epoch] ?? -1);
    const foreign = Object.entries(selector).filter(([key]) => !isSiteLabel(key));
    if (!sameJson(Object.fromEntries(foreign), SELECTOR)) {
      this.#report(`${actor} has changed what else the Service selects: ${JSON.stringify(selector)}`);
    }
    const named = this.#ports.siteOfEpoch(epoch);
    if (named !== site) {
      this.#report(`${actor} routes the Service to ${site} in epoch ${epoch}, which names ${named}`);
    }
    const stored = this.#ports.storedEpoch();
    // A call may have been made before anybody could know that etcd was restored, by one that was frozen long before.
    const isOlder = call !== undefined && call.calledAt <= (this.#restoredAt ?? Number.NEGATIVE_INFINITY);
    const isUnknown = this.#ports.isLeaseUnknown() || isOlder;
    if (epoch > stored && !isUnknown) {
      this.#report(`${actor} routes the Service in epoch ${epoch}, and the status is in ${stored}`);
    }
    if (epoch < this.#highest && !isUnknown) {
      this.#report(`${actor} takes the Service back from epoch ${this.#highest} to ${epoch}`);
    }
    this.#highest = Math.max(this.#highest, epoch);
  }

  #report(violation: string): void {
    this.#ports.report(violation);
  }
}
