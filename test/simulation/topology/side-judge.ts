import { decodeStatus, type Status } from '../../../contract/status.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../../kubernetes/resources.ts';
import type { Change } from '../api-objects.ts';
import type { ApiServer } from '../api-server.ts';
import { isStatus } from '../config-maps.ts';
import type { Call as ApiCall } from '../connection.ts';
import { STATUS } from '../setup.ts';
import { clusterOf } from './setup.ts';
import type { PlaceTruth } from './truth.ts';
import type { FoundClaim } from './zone-judge.ts';

export interface SideJudgePorts {
  readonly server: ApiServer;
  readonly truth: PlaceTruth;
  readonly now: () => number;
  /** For how long its controller has been well. */
  readonly steadyForMs: () => number;
  /** Its way to the API server was bad once. */
  readonly mayBeDeaf: () => boolean;
  readonly report: (violation: string) => void;
  readonly patience: Patience;
}

export interface Patience {
  /** A controller that is well acts within this. */
  readonly atOnceMs: number;
  /** One that may have lost its Lease, or whose watches may have become deaf without a word, within this. */
  readonly lookedMs: number;
  /** A look at the Cluster may have begun so long ago. */
  readonly lookMs: number;
}

/** What must hold of the status of one place, and of what it sends to the zone. */
export class SideJudge {
  readonly #ports: SideJudgePorts;
  #lookedAt = Number.POSITIVE_INFINITY;
  #changedAt = 0;
  /** When it was the active one last, and for which promotion. */
  #left: { readonly at: number; readonly promotion: number } | undefined;
  /** The promotion for which it has been shown a later claim, since when, and whether its next controller can know of it. */
  #overtaken:
    | {
        readonly promotion: number;
        readonly timeline: number;
        readonly at: number;
        readonly isKept: boolean;
      }
    | undefined;

  /** When there was no Cluster last. */
  #goneAt = Number.NEGATIVE_INFINITY;
  /** Since when its controller can know of the `change` to be the primary no more: by the Cluster, or by the claim of another one. */
  #told: { readonly change: number; readonly at: number } | undefined;

  constructor(ports: SideJudgePorts) {
    this.#ports = ports;
  }

  get published(): Status | undefined {
    return decodeStatus(this.#ports.server.find(CONFIG_MAPS, STATUS)?.data);
  }

  get isActive(): boolean {
    return this.published?.activeSite === this.#place;
  }

  onApiCall({ verb, resource, key, calledAt }: ApiCall): void {
    if (verb === 'get' && isStatus({ resource, key })) this.#lookedAt = calledAt;
  }

  /** Another process of the place begins. */
  onStart(): void {
    if (this.#overtaken?.isKept === false) this.#overtaken = undefined;
    if (this.#ports.truth.isGone) this.#told = undefined;
  }

  onChange({ actor, resource, key, before, after }: Change): void {
    if (this.#overtaken !== undefined && tellsOfRival(after as ConfigMap | undefined))
      this.#overtaken = { ...this.#overtaken, isKept: true };
    if (!isStatus({ resource, key })) return;
    const was = decodeStatus((before as ConfigMap | undefined)?.data)?.activeSite;
    const is = decodeStatus((after as ConfigMap | undefined)?.data)?.activeSite;
    if (was === is) return;
    const { truth, now } = this.#ports;
    const { id } = truth.promotion;
    this.#changedAt = now();
    if (was === this.#place && truth.isTimelineKnown) this.#left = { at: now(), promotion: id };
    if (is !== this.#place) return;
    if (!truth.wasPromotedWithin(this.#lookedAt, now()))
      this.#report(`${actor} makes ${is} active, which was not promoted since it began to look`);
    if (this.#left?.promotion === id && truth.wasNamedThroughout(this.#left.at - this.#ports.patience.lookMs))
      this.#report(`${actor} makes ${is} active a second time for one promotion`);
  }

  /** A process of the place learns of the claim that the zone has. */
  onRead(claim: FoundClaim | undefined): void {
    const { truth, now } = this.#ports;
    if (claim === undefined || claim.owner === clusterOf(truth.place).name) return;
    const { id } = truth.promotion;
    if (truth.isGone) this.#tell(now());
    if (!truth.isPrimary || !truth.isTimelineKnown || claim.timeline < truth.latestClaim) return;
    if (!this.#isOvertaken)
      this.#overtaken = { promotion: id, timeline: claim.timeline, at: now(), isKept: false };
  }

  /** A process of the place makes a write of the zone. */
  onWriteCall(actor: string): void {
    if (this.#isOvertaken) this.#report(`${actor} writes the zone, though it was shown a later claim`);
    const { activeSite = '' } = this.published ?? {};
    const { now, patience } = this.#ports;
    if (activeSite !== this.#place && now() - this.#changedAt > patience.atOnceMs)
      this.#report(`${actor} writes the zone while it says that ${activeSite} is active`);
  }

  /** To be called every second. */
  check(): void {
    const { truth, now, steadyForMs } = this.#ports;
    const limit = this.#limitMs;
    truth.noteSteady(now(), steadyForMs(), limit);
    const isSteady = steadyForMs() >= limit;
    if (truth.isGone) this.#goneAt = now();
    else if (isSteady) this.#tell(Math.max(truth.changedAt, this.#goneAt));
    if (!isSteady || !this.isActive) return;
    const check = (since: number, why: string) => {
      const ms = Math.round(now() - since);
      if (ms >= limit) this.#report(`${this.#place} is active ${ms} ms after it ${why}`);
    };
    // Where it was demoted unobserved, and deleted, nothing tells of it. See docs/topology.md, what remains possible.
    if (!truth.isPrimary && this.#told?.change === truth.changedAt)
      check(this.#told.at, 'has ceased to be the primary');
    if (this.#overtaken !== undefined && this.#isOvertaken)
      check(this.#overtaken.at, 'was shown a later claim');
  }

  #tell(at: number): void {
    const { changedAt: change } = this.#ports.truth;
    if (this.#told?.change !== change) this.#told = { change, at };
  }

  get #limitMs(): number {
    const { mayBeDeaf, patience } = this.#ports;
    return mayBeDeaf() ? patience.lookedMs : patience.atOnceMs;
  }

  /** Unless a failover was reported since then, which its controller may take for the promotion. */
  get #isOvertaken(): boolean {
    const { promotion, latestClaim } = this.#ports.truth;
    return this.#overtaken?.promotion === promotion.id && this.#overtaken.timeline >= latestClaim;
  }

  get #place(): string {
    return this.#ports.truth.place;
  }

  #report(violation: string): void {
    this.#ports.report(violation);
  }
}

/** In its status, or in its report. */
function tellsOfRival(map: ConfigMap | undefined): boolean {
  const { reason = '', claim = '' } = map?.data ?? {};
  return reason.startsWith('ClaimedElsewhere') || /"rivals":\{"/.test(claim);
}
