import { Sites } from '../../controller/sites/sites.ts';
import type { Change } from './api-objects.ts';
import type { ApiServer } from './api-server.ts';
import type { Call } from './connection.ts';
import { FollowingInvariants } from './following.ts';
import { GivingUpInvariants } from './giving-up.ts';
import { HeldInvariants } from './held.ts';
import { Invariants } from './invariants.ts';
import { sameJson } from './json.ts';
import { Receiver } from './receiver.ts';
import type { Registrar, ZoneWrite } from './registrar.ts';
import { publishedSite, SITES, ZONE } from './setup.ts';
import { Truth } from './truth.ts';

export interface JudgesPorts {
  readonly server: ApiServer;
  /** Milliseconds of the virtual clock. */
  readonly now: () => number;
  readonly report: (violation: string) => void;
}

/** What changes where the primary really stands. */
const MOVES_PRIMARY = new Set(['clusters', 'pods', 'nodes']);

export const isReplica = (actor: string): boolean => actor.startsWith('replica');

/** Everything that judges the replicas from outside, each told of what it judges by. */
export class Judges {
  readonly receiver: Receiver;
  readonly #now: () => number;
  readonly #truth: Truth;
  readonly #invariants: Invariants;
  readonly #following: FollowingInvariants;
  readonly #held: HeldInvariants;
  readonly #givingUp: GivingUpInvariants;

  constructor({ server, now, report }: JudgesPorts) {
    const common = { server, isReplica, report };
    this.#now = now;
    this.#truth = new Truth(server, new Sites(SITES));
    const invariants = new Invariants({ ...common, truth: this.#truth, now });
    this.#invariants = invariants;
    const siteOfEpoch = (epoch: number) => invariants.siteOfEpoch(epoch);
    this.#following = new FollowingInvariants({
      ...common,
      siteOfEpoch,
      mayLead: (actor) => invariants.mayLead(actor),
      isLeaseUnknown: () => invariants.isLeaseUnknown,
      storedEpoch: () => invariants.storedEpoch,
    });
    this.#held = new HeldInvariants(common);
    this.#givingUp = new GivingUpInvariants({ ...common, now });
    this.receiver = new Receiver({ server, siteOfEpoch, report });
  }

  /** Whether `actor` may believe now that it leads. */
  mayLead(actor: string): boolean {
    return this.#invariants.mayLead(actor);
  }

  onCall(call: Call): void {
    this.#invariants.onCall(call);
    this.#following.onCall(call);
  }

  onSuccess(call: Call): void {
    this.#invariants.onSuccess(call);
  }

  /** `call`: the one that made the change, if it came by one. */
  onChange(change: Change, call: Call | undefined): void {
    if (MOVES_PRIMARY.has(change.resource.plural)) this.#truth.record(this.#now());
    this.#invariants.onChange(change, call);
    this.#following.onChange(change, call);
    this.#held.onChange(change);
    this.#givingUp.onChange(change);
  }

  onZoneWrite(write: ZoneWrite): void {
    this.#invariants.onZoneWrite(write);
  }

  /** etcd was restored to an older copy. */
  onRestored(): void {
    this.#invariants.onRestored();
    this.#following.onRestored(this.#now());
    this.#held.onRestored();
    this.#givingUp.onRestored();
    this.receiver.onRestored();
  }

  /** What is not yet as it should be in the end; empty when all is well. */
  differences(registrar: Registrar, running: readonly string[], { byNodes }: { byNodes: boolean }): string[] {
    const place = this.#truth.now;
    const status = this.#invariants.published;
    const list: string[] = [];
    if (place === undefined || status === undefined) return ['there is no status, or nothing to follow'];
    const told = `${status.phase} ${status.primary} ${status.activeNode} ${status.activeSite}`;
    const wanted = `Settled ${place.primary} ${place.node} ${place.site}`;
    if (told !== wanted) list.push(`the status says "${told}", not "${wanted}"`);
    const pointsTo = publishedSite(registrar.zone(ZONE)) ?? 'no site in whole';
    if (pointsTo !== place.site) list.push(`DNS points to ${pointsTo}, not to ${place.site}`);
    if (!sameJson(status, this.#invariants.copied)) list.push('the copy of the status is not the same');
    list.push(...this.#following.differences(status), ...this.receiver.differences());
    if (byNodes) list.push(...this.#givingUp.differences());
    const { holder } = this.#invariants;
    if (!running.includes(holder)) list.push(`"${holder}" holds the Lease`);
    return list;
  }
}
