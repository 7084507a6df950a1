/**
 * The least that a pod's own probe takes on this machine at this moment: one pod in each site, told by the harness
 * itself to be ready or not as soon as it hears that the primary moved. What follows the primary by a probe cannot be
 * quicker than that.
 */
import type { Move, Recorder } from './recorder.ts';
import type { Workload } from './workload.ts';

const LIMIT_MS = 20_000;
const ASK_MS = 2_000;

export class Floor {
  /** Milliseconds from `move.at` until the floor's Service routed to the new site alone, by the move. */
  readonly samples = new Map<Move, number>();
  readonly #workload: Workload;
  readonly #recorder: Recorder;
  #pods: readonly { readonly site: string; readonly tell: (path: string) => Promise<string> }[] = [];

  constructor(workload: Workload, recorder: Recorder) {
    this.#workload = workload;
    this.#recorder = recorder;
  }

  /** Has the one in `site` ready, and follows each move from now on. */
  async begin(site: string): Promise<void> {
    const pods = await this.#workload.runs('floor', LIMIT_MS);
    this.#pods = pods.map((pod) => ({
      site: this.#recorder.siteOfNode(pod.spec?.nodeName ?? '') ?? '',
      tell: (path) => this.#workload.ask(pod, path, ASK_MS),
    }));
    await this.#tell(site);
    await this.#recorder.until('the floor is ready', () => this.#routes(site), LIMIT_MS);
    this.#recorder.onMove = (move) => void this.#follow(move);
  }

  /** Never rejects: in a site that is lost there is nothing to compare with. */
  async #follow(move: Move): Promise<void> {
    try {
      await this.#tell(move.to);
      await this.#recorder.until('the floor follows', () => this.#routes(move.to), LIMIT_MS);
      this.samples.set(move, Date.now() - move.at);
    } catch (error) {
      console.warn(`no floor for the move to ${move.to}:`, error instanceof Error ? error.message : error);
    }
  }

  async #tell(active: string): Promise<void> {
    await Promise.all(this.#pods.map(({ site, tell }) => tell(site === active ? '/on' : '/off')));
  }

  #routes(site: string): true | undefined {
    return this.#recorder.routesOnlyTo('floor', site, 1) || undefined;
  }
}
