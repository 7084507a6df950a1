import { History } from '../truth.ts';
import type { Database, Promotion } from './database.ts';
import type { Operator } from './operator.ts';
import { clusterOf, type Place } from './setup.ts';
import type { WriteCall } from './shared-zone.ts';

/** A write of the zone, and what was true of its caller's place when it was made. */
export interface Call extends WriteCall {
  readonly place: Place;
  readonly promotion: Promotion;
  /** See {@link PlaceTruth.latestClaim}. */
  readonly latestClaim: number;
}

/** What is true of one place, whatever its controller knows, and what was when. */
export class PlaceTruth {
  readonly place: Place;
  readonly #operator: Operator;
  readonly #database: Database;
  readonly #isPrimary = new History<boolean>();
  readonly #isPromoted = new History<boolean>();
  #changedAt = 0;
  /** The last promotion whose timeline the controller must have seen. */
  #seen = -1;
  #knownSince: number | undefined;
  #namedOtherAt = Number.NEGATIVE_INFINITY;

  constructor(place: Place, operator: Operator, database: Database) {
    this.place = place;
    this.#operator = operator;
    this.#database = database;
  }

  get promotion(): Promotion {
    return this.#database.promotion;
  }

  /** It is named as the primary, and takes writes. */
  get isPrimary(): boolean {
    return this.#isNamed && this.#database.isPrimary;
  }

  /** There is no Cluster, so that nothing tells of the past one. */
  get isGone(): boolean {
    return !this.#operator.exists;
  }

  /** The operator has said to which timeline the last promotion led. */
  get isTimelineKnown(): boolean {
    return (this.#operator.status.timelineID ?? 0) >= this.promotion.timeline;
  }

  /**
   * The latest timeline that its controller may take for that of the promotion: one that saw nothing of it cannot
   * distinguish it from the failovers within the place since then.
   */
  get latestClaim(): number {
    const { promotion, timeline } = this.#database;
    return this.#seen === promotion.id ? promotion.timeline : timeline;
  }

  /** Since when it has been the primary, or has not. */
  get changedAt(): number {
    return this.#changedAt;
  }

  /** To be called after every change of the world. */
  record(time: number): void {
    const { isPrimary } = this;
    if (this.#isPrimary.now !== isPrimary) this.#changedAt = time;
    this.#isPrimary.record(time, isPrimary);
    const { promotionToken = '' } = this.#operator.spec;
    const isUsed = promotionToken === '' || this.#operator.status.lastPromotionToken === promotionToken;
    this.#isPromoted.record(time, isPrimary && isUsed);
    if (!this.#isNamed) this.#namedOtherAt = time;
  }

  /** To be called every second: for how long its controller has been well, and within what one that is well has seen all. */
  noteSteady(time: number, steadyForMs: number, limitMs: number): void {
    const isKnown = this.isPrimary && this.#operator.status.timelineID === this.promotion.timeline;
    this.#knownSince = isKnown ? (this.#knownSince ?? time) : undefined;
    const knownForMs = time - (this.#knownSince ?? time);
    if (knownForMs >= limitMs && steadyForMs >= limitMs) this.#seen = this.promotion.id;
  }

  /** With every step of its promotion. */
  wasPromotedWithin(start: number, end: number): boolean {
    return this.#isPromoted.heldWithin(true, start, end);
  }

  wasNamedThroughout(start: number): boolean {
    return this.#isNamed && this.#namedOtherAt < start;
  }

  get #isNamed(): boolean {
    return this.#operator.spec.primary === clusterOf(this.place).name;
  }
}
