import type { Leadership } from '../../../kubernetes/leadership.ts';
import type { Goal } from './plan.ts';

/** What the Lease says of this leader, asked once for each goal. */
export class Confirmation {
  #last: { readonly goal: Goal; readonly isOurs: Promise<boolean> } | undefined;

  /**
   * A later epoch than ours is that of a successor, unless epochs have begun again since status and report were lost,
   * or somebody wrote it by hand. The Lease knows.
   */
  async isStillLeader(goal: Goal, leadership: Leadership): Promise<boolean> {
    if (this.#last?.goal !== goal) {
      const isOurs = leadership.confirm().then((confirmed) => confirmed !== undefined);
      this.#last = { goal, isOurs };
      // The next caller asks again.
      isOurs.catch(() => {
        this.#last = undefined;
      });
    }
    return (await this.#last.isOurs) && leadership.isLeader();
  }
}
