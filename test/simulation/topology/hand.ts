import { CLUSTERS } from '../../../cnpg/cluster.ts';
import type { SeededRandom } from '../../support/random.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import type { ApiServer } from '../api-server.ts';
import type { Operator } from './operator.ts';
import { clusterOf, other, type Place } from './setup.ts';

export interface Reachable {
  readonly side: { readonly server: ApiServer };
  readonly operator: Operator;
}

/** What humans do to the Clusters, by hand or by a tool; they reach no place that is lost. */
export const ACTS = [
  'switchover',
  'switchover without its token',
  'demote',
  'promote',
  'promote with the token of before',
  'both primary',
  'rebuild',
] as const;
export type Act = (typeof ACTS)[number];

/** A human looks so often, and gives up. */
const LOOKS = 40;
const LOOK_MS = 1_000;

export class Hand {
  readonly #sides: Readonly<Record<Place, Reachable>>;
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  #acts = 0;

  constructor(sides: Readonly<Record<Place, Reachable>>, clock: VirtualClock, random: SeededRandom) {
    this.#sides = sides;
    this.#clock = clock;
    this.#random = random;
  }

  /** `place`: the one that is to be the primary, or to be made anew. */
  async act(act: Act, place: Place): Promise<void> {
    this.#acts += 1;
    switch (act) {
      case 'switchover':
        await this.#switchover(place, { withToken: true });
        break;
      case 'switchover without its token':
        await this.#switchover(place, { withToken: false });
        break;
      case 'demote':
        this.#name(other(place), place);
        break;
      case 'promote':
        this.#name(place, place);
        break;
      case 'promote with the token of before':
        this.#name(place, place, this.#sides[other(place)].operator.status.demotionToken);
        break;
      case 'both primary':
        this.#name(place, place);
        this.#name(other(place), other(place));
        break;
      case 'rebuild':
        this.#sides[place].operator.rebuild();
        break;
    }
  }

  async #switchover(to: Place, { withToken }: { readonly withToken: boolean }): Promise<void> {
    const act = this.#acts;
    const from = other(to);
    const isOwn = () => this.#acts === act && this.#sides[from].operator.spec.primary === clusterOf(to).name;
    this.#name(from, to);
    for (let looks = 0; looks < LOOKS && isOwn(); looks += 1) {
      const { operator } = this.#sides[from];
      const { demotionToken = '' } = operator.status;
      if (!operator.isLost && demotionToken !== '') {
        await this.#pause(200, 5_000);
        if (isOwn()) this.#name(to, to, withToken ? demotionToken : '');
        return;
      }
      await this.#pause(LOOK_MS, LOOK_MS);
    }
  }

  /** Says in `at` that `primary` is the primary. */
  #name(at: Place, primary: Place, promotionToken = ''): void {
    const { side, operator } = this.#sides[at];
    if (operator.isLost || !operator.exists) return;
    const replica = { primary: clusterOf(primary).name, promotionToken };
    side.server.patch('human', CLUSTERS, clusterOf(at), { spec: { replica } }, { type: 'merge' });
  }

  #pause(from: number, to: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(this.#random.integer(from, to), resolve));
  }
}
