import { CLUSTERS, type Cluster } from '../../cnpg/cluster.ts';
import { decodeStatus, type Status } from '../../contract/status.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { CONFIG_MAPS, type ConfigMap, LEASES, PODS } from '../../kubernetes/resources.ts';
import type { Change } from './api-objects.ts';
import type { ApiServer } from './api-server.ts';
import { isCopy, isStatus, termOf } from './config-maps.ts';
import type { Call } from './connection.ts';
import { HEALTHY } from './postgres.ts';
import type { ZoneWrite } from './registrar.ts';
import { COPY, emptyNames, foreignPart, LEASE, PREFERRED_NODE, publishedSite, STATUS } from './setup.ts';
import { type Place, samePlace, type Truth } from './truth.ts';

export interface InvariantPorts {
  readonly server: ApiServer;
  readonly truth: Truth;
  readonly isReplica: (actor: string) => boolean;
  /** Milliseconds of the virtual clock. */
  readonly now: () => number;
  readonly report: (violation: string) => void;
}

interface StatusWrite {
  readonly before: KubeObject | undefined;
  readonly after: ConfigMap;
  readonly status: Status;
  readonly actor: string;
  readonly call: Call | undefined;
}

const NOT_SEEN = { mayLead: false, lookedAt: Number.POSITIVE_INFINITY };

/** For this long the holder of a Lease that was deleted by hand cannot know that it has lost it. */
const LEASE_MS = 10_000;

/** How long after a site stopped being the published one its addresses may still be sent: a write waits its turn. */
const DNS_MEMORY_MS = 90_000;

/**
 * What must hold at every moment, judged from outside: from the accepted writes, from the server's own record of who
 * leads, and from where the primary really stood.
 */
export class Invariants {
  readonly #ports: InvariantPorts;
  /** The last read of the Cluster that each replica finished: when it began, and when it was answered. */
  readonly #reads = new Map<string, { readonly calledAt: number; readonly answeredAt: number }>();
  /** When each replica began the look that it made last. */
  readonly #lookedAt = new Map<string, number>();
  readonly #whenCalled = new WeakMap<Call, { readonly mayLead: boolean; readonly lookedAt: number }>();
  /** UIDs of Clusters whose primary a replica has moved. */
  readonly #promoted = new Set<string>();
  readonly #siteOfEpoch = new Map<number, string>();
  /** The places that readers were told for an epoch. */
  readonly #placesOfEpoch = new Map<number, Place[]>();
  /** Epochs of before etcd was restored. */
  readonly #mayComeAgain = new Set<number>();
  #highestBefore = -1;
  /** Published sites, and until when; the present one has no end. */
  readonly #activeSites: { readonly site: string; until: number }[] = [];
  /** The last epoch that each replica has written. */
  readonly #ownEpochs = new Map<string, number>();
  #last: Status | undefined;
  #highestTerm = -1;
  #editedByHand = false;
  #leaseUnknownUntil = 0;

  constructor(ports: InvariantPorts) {
    this.#ports = ports;
  }

  /** What readers find now. */
  get published(): Status | undefined {
    return decodeStatus(this.#ports.server.find(CONFIG_MAPS, STATUS)?.data);
  }

  /** Of the status as a replica has stored it last, or as it came back with a copy of etcd. */
  get storedEpoch(): number {
    return this.#last?.epoch ?? 0;
  }

  /** What pods that mount the copy find now. */
  get copied(): Status | undefined {
    return decodeStatus(this.#ports.server.find(CONFIG_MAPS, COPY)?.data);
  }

  /** By the server's record; empty when nobody leads. */
  get holder(): string {
    return this.#ports.server.find(LEASES, LEASE)?.spec?.holderIdentity ?? '';
  }

  /** The site that readers of the status were told for an epoch. */
  siteOfEpoch(epoch: number): string | undefined {
    return this.#siteOfEpoch.get(epoch);
  }

  /** The Lease was deleted by hand, and its holder cannot know that yet. */
  get isLeaseUnknown(): boolean {
    return this.#ports.now() < this.#leaseUnknownUntil;
  }

  /** Whether `actor` may believe now that it leads. */
  mayLead(actor: string): boolean {
    return this.holder === actor || this.isLeaseUnknown;
  }

  /**
   * etcd was restored to an older copy. What only readers remember may come again; what a replica has published itself it
   * goes on above, and what it has seen published it may publish again: nobody who looks knows better.
   */
  onRestored(): void {
    this.#last = this.published;
    this.#editedByHand = true;
    this.#highestTerm = termOf(this.#ports.server.find(CONFIG_MAPS, STATUS));
    this.#leaseUnknownUntil = this.#ports.now() + LEASE_MS;
    this.#promoted.clear();
    const epoch = this.#last?.epoch ?? 0;
    for (const later of this.#siteOfEpoch.keys()) if (later > epoch) this.#mayComeAgain.add(later);
    this.#highestBefore = Math.max(-1, ...this.#placesOfEpoch.keys());
    if (this.#last !== undefined) this.#remember(this.#last);
  }

  onCall(call: Call): void {
    const { actor, verb, resource, calledAt } = call;
    const read = this.#reads.get(actor);
    // A look begins with the pod, or it reads the Cluster and asks for the pod as soon as it knows its name.
    if (verb === 'get' && resource.plural === PODS.plural) {
      this.#lookedAt.set(actor, read?.answeredAt === calledAt ? read.calledAt : calledAt);
    }
    if (!isStatus(call) || verb === 'get') return;
    const lookedAt = this.#lookedAt.get(actor) ?? Number.POSITIVE_INFINITY;
    this.#whenCalled.set(call, { mayLead: this.mayLead(actor), lookedAt });
  }

  onSuccess({ actor, verb, resource, calledAt }: Call): void {
    if (verb !== 'get' || resource.plural !== CLUSTERS.plural) return;
    const answeredAt = this.#ports.now();
    const last = this.#reads.get(actor);
    const began = last?.answeredAt === answeredAt ? Math.min(last.calledAt, calledAt) : calledAt;
    this.#reads.set(actor, { calledAt: began, answeredAt });
  }

  onChange(change: Change, call: Call | undefined): void {
    const after = change.after as ConfigMap | undefined;
    if (change.resource.plural === LEASES.plural && after === undefined) {
      this.#leaseUnknownUntil = this.#ports.now() + LEASE_MS;
    }
    if (change.resource.plural === CLUSTERS.plural && this.#ports.isReplica(change.actor)) {
      this.#checkPromotion(change);
    }
    if (isCopy(change)) this.#checkCopy(change);
    if (!isStatus(change)) return;
    const status = decodeStatus(after?.data);
    if (!this.#ports.isReplica(change.actor)) this.#onEdit(after, status);
    else if (after === undefined) this.#report(`${change.actor} has deleted the status ConfigMap`);
    else if (status === undefined) this.#report(`${change.actor} has written a status that nobody can read`);
    else this.#checkWrite({ before: change.before, after, status, actor: change.actor, call });
  }

  onZoneWrite({ actor, calledAt, mayLead, shown, before, after }: ZoneWrite): void {
    if (!mayLead) this.#report(`${actor} calls setHosts without holding the Lease`);
    if (shown === undefined) this.#report(`${actor} replaces a zone that it never read`);
    else if (foreignPart(shown) !== foreignPart(after)) this.#report(`${actor} has changed a foreign record`);
    for (const name of emptyNames(after)) this.#report(`${actor} has emptied ${name}`);
    const site = publishedSite(after);
    const known = this.#activeSites.some(
      (item) => item.site === site && item.until >= calledAt - DNS_MEMORY_MS,
    );
    if (!known)
      this.#report(`${actor} has put ${site ?? 'no site in whole'} into the zone (${publishedSite(before)})`);
  }

  /** The primary is moved to its preferred node once for each incarnation, out of a state in which nothing moves. */
  #checkPromotion({ actor, before, after }: Change): void {
    const { status: was = {}, metadata } = before as Cluster;
    const target = (after as Cluster).status?.targetPrimary ?? '';
    const key = { namespace: metadata.namespace ?? '', name: target };
    const node = this.#ports.server.find(PODS, key)?.spec?.nodeName;
    const uid = metadata.uid ?? '';
    if (this.#promoted.has(uid)) this.#report(`${actor} promotes a second time`);
    this.#promoted.add(uid);
    if (was.currentPrimary !== was.targetPrimary || was.phase !== HEALTHY.phase) {
      this.#report(`${actor} promotes ${target} while ${was.currentPrimary} moves to ${was.targetPrimary}`);
    }
    if (node !== PREFERRED_NODE) this.#report(`${actor} promotes ${target} on ${node}`);
  }

  #checkCopy({ actor, before, after }: Change): void {
    const was = decodeStatus((before as ConfigMap | undefined)?.data);
    const is = decodeStatus((after as ConfigMap | undefined)?.data);
    if (is === undefined) this.#report(`${actor} leaves no copy of the status that can be read`);
    else if (
      was !== undefined &&
      is.epoch < was.epoch &&
      was.epoch > this.#highestBefore &&
      !this.isLeaseUnknown
    ) {
      this.#report(`${actor} takes the copy back from epoch ${was.epoch} to ${is.epoch}`);
    }
  }

  /**
   * What a human destroys nobody can know any more; and what a human writes under a later epoch looks to the next
   * leader like the last words of its predecessor, until it has found the primary itself.
   */
  #onEdit(after: ConfigMap | undefined, status: Status | undefined): void {
    this.#editedByHand = true;
    this.#highestTerm = Math.min(this.#highestTerm, termOf(after));
    if (status === undefined) return;
    this.#recordPlace(status);
    if (status.epoch > (this.#last?.epoch ?? 0)) this.#remember(status);
  }

  #checkWrite({ before, after, status, actor, call }: StatusWrite): void {
    const { mayLead, lookedAt } = (call && this.#whenCalled.get(call)) ?? NOT_SEEN;
    if (!mayLead) this.#report(`${actor} writes the status without holding the Lease`);
    const term = termOf(after);
    if (term < this.#highestTerm) {
      this.#report(
        `${actor} writes the status in term ${term}, after one was written in term ${this.#highestTerm}`,
      );
    }
    this.#highestTerm = Math.max(this.#highestTerm, term);
    this.#checkEpoch(status, actor);
    this.#checkOwnEpoch(status, actor);
    this.#checkSiteOfEpoch(status, decodeStatus((before as ConfigMap | undefined)?.data));
    this.#checkPlace(status, actor, lookedAt);
    this.#recordPlace(status);
    this.#remember(status);
    this.#last = status;
    this.#editedByHand = false;
  }

  #checkOwnEpoch({ epoch }: Status, actor: string): void {
    const before = this.#ownEpochs.get(actor) ?? 0;
    if (epoch < before) this.#report(`${actor} goes back from its own epoch ${before} to ${epoch}`);
    this.#ownEpochs.set(actor, epoch);
  }

  #checkEpoch({ epoch, activeSite }: Status, actor: string): void {
    const last = this.#last ?? { epoch: 0, activeSite: '' };
    if (epoch < last.epoch) this.#report(`${actor} takes the epoch back from ${last.epoch} to ${epoch}`);
    const step = activeSite === last.activeSite ? 0 : 1;
    // Epochs of before etcd was restored: of two replicas one may remember them, and go on above.
    const isRemembered = epoch <= this.#highestBefore + 1;
    if (!this.#editedByHand && !isRemembered && epoch !== last.epoch + step) {
      const move = `${last.activeSite || 'none'} to ${activeSite || 'none'}`;
      this.#report(`${actor} moves the epoch from ${last.epoch} to ${epoch} with the site from ${move}`);
    }
  }

  /** What somebody wrote by hand has been read as well, and one epoch never names two sites to its readers. */
  #checkSiteOfEpoch({ epoch, activeSite }: Status, overwritten: Status | undefined): void {
    const readBefore = overwritten?.epoch === epoch ? overwritten.activeSite : this.#siteOfEpoch.get(epoch);
    const isFree = this.#mayComeAgain.delete(epoch);
    if (readBefore !== undefined && readBefore !== activeSite && !isFree) {
      this.#report(`epoch ${epoch} names ${readBefore} and ${activeSite}`);
    }
    this.#siteOfEpoch.set(epoch, activeSite);
  }

  /** A place that is new must have been true while it was looked at; one that was there before may be held. */
  #checkPlace(status: Status, actor: string, lookedAt: number): void {
    const { primary, activeNode: node, activeSite: site, phase, epoch } = status;
    const place = placeOf(status);
    const last = this.#last && placeOf(this.#last);
    if (phase !== 'Settled' && (site === '' || samePlace(place, last))) return;
    if (this.#ports.truth.heldWithin(place, lookedAt, this.#ports.now())) return;
    // Somebody edited it by hand, and the next leader knows nothing better.
    if (this.#editedByHand && phase !== 'Settled') return;
    // Published before etcd was restored, in this epoch, and later than what came back with the copy.
    const isRemembered = epoch <= this.#highestBefore && epoch > (this.#last?.epoch ?? 0);
    const places = this.#placesOfEpoch.get(epoch) ?? [];
    if (phase !== 'Settled' && isRemembered && places.some((told) => samePlace(told, place))) return;
    this.#report(`${actor} says ${phase} ${primary} on ${node} in ${site}: not so since it began to look`);
  }

  #recordPlace(status: Status): void {
    const places = this.#placesOfEpoch.get(status.epoch) ?? [];
    this.#placesOfEpoch.set(status.epoch, [...places, placeOf(status)]);
  }

  #remember({ activeSite }: Status): void {
    const present = this.#activeSites.at(-1);
    if (present?.site === activeSite) return;
    if (present !== undefined) present.until = this.#ports.now();
    this.#activeSites.push({ site: activeSite, until: Number.POSITIVE_INFINITY });
  }

  #report(violation: string): void {
    this.#ports.report(violation);
  }
}

function placeOf({ primary, activeNode: node, activeSite: site }: Status): Place {
  return { primary, node, site };
}
