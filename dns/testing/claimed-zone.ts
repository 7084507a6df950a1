import assert from 'node:assert/strict';
import { Claims } from '../claims/claims.ts';
import type { TextSet } from '../records.ts';

const ZONE = 'example.com';
const AT = { epoch: 1, ttl: 60 };

/** What is broken on purpose. */
export interface Faults {
  /** Nothing survives a restart. */
  readonly forgets?: boolean;
  /** Failovers within a cluster count as promotions. */
  readonly countsFailovers?: boolean;
}

/** A zone, and clusters that read and write it as the follower of a zone does. */
export class ClaimedZone {
  found: TextSet | undefined;
  #elapsed = 0;

  pass(ms: number): void {
    this.#elapsed += ms;
  }

  cluster(owner: string, { forgets = false }: Faults = {}) {
    let memory = '{}';
    let wakes = 0;
    const make = () =>
      new Claims({
        owner,
        site: owner,
        follower: 'default',
        memory: JSON.parse(memory),
        onChange: (now) => {
          if (!forgets) memory = JSON.stringify(now);
        },
        onRival: () => {
          wakes += 1;
        },
        remember: () => Promise.resolve(),
        elapsed: () => this.#elapsed,
      });
    let claims = make();
    return {
      get rival() {
        return claims.rival?.owner;
      },
      get isPrimary() {
        return claims.isPrimary;
      },
      get wakes() {
        return wakes;
      },
      lead: (timeline: number, { madeAs = 'first', demotedAt = '', instance = 'first' } = {}) =>
        claims.lead({ cluster: madeAs, timeline, instance, demotedAt }),
      standBy: (timeline: number, { madeAs = 'first', demotedAt = '', isReplica = true } = {}) =>
        claims.standBy({ cluster: madeAs, timeline, instance: 'first', demotedAt }, isReplica),
      leave: () => claims.leave(),
      remember: () => claims.remember(),
      onPromotion: (listener: () => void) => claims.onPromotion(listener),
      isPromoted: ({ demotedAt = '', madeAs = 'first' } = {}) =>
        claims.isPromoted({ cluster: madeAs, demotedAt }),
      see: () => claims.observe(ZONE, this.found),
      restart: () => {
        claims = make();
      },
      /** True when it may write its records. */
      write: () => {
        try {
          for (const change of claims.changes(ZONE, this.found, AT)) {
            if (change.action !== 'delete') this.found = change.desired;
          }
          return true;
        } catch (error) {
          assert.match(String(error), /claimed|not the primary|not reported/);
          return false;
        }
      },
    };
  }
}
