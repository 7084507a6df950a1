import { waitedForProcessor } from '../hostile/support/processor.ts';
import { type Environment, spawnController } from '../support/controller-process.ts';
import type { ChildProcess } from '../support/process.ts';

/** One process of the shipped controller, from before it has begun. */
export class RealProcess {
  readonly identity: string;
  readonly #child: Promise<ChildProcess>;
  #running: ChildProcess | undefined;
  #isEnding = false;
  #isFrozen = false;
  #read = 0;
  #leads = false;

  /** `after`: the process before it has ended. `onEnd`: it ended by itself, which it never should. */
  constructor(identity: string, env: Environment, after: Promise<unknown>, onEnd: (last: string) => void) {
    this.identity = identity;
    this.#child = after.then(() => spawnController({ ...env, POD_NAME: identity }));
    void this.#child.then(async (child) => {
      this.#running = child;
      await child.exited;
      if (!this.#isEnding) onEnd(child.lines.slice(-3).join('\n'));
    });
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  get hasEnded(): boolean {
    return this.#running?.exit !== undefined;
  }

  /** It holds the Lease, by what it has said, and is not frozen. */
  get leads(): boolean {
    return this.#leads && !this.#isEnding && !this.#isFrozen;
  }

  /** Milliseconds for which it was ready to run and waited for a processor. */
  get waitedMs(): number {
    return this.#running === undefined || this.hasEnded ? 0 : waitedForProcessor([this.#running.pid]);
  }

  /** What it has written since the last call. */
  drain(): readonly string[] {
    const lines = this.#running?.lines ?? [];
    const fresh = lines.slice(this.#read);
    this.#read = lines.length;
    for (const line of fresh) {
      if (line.includes('"msg":"leading"')) this.#leads = true;
      if (line.includes('"msg":"stopped leading"')) this.#leads = false;
    }
    return fresh;
  }

  freeze(): void {
    this.#isFrozen = true;
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#isFrozen = false;
    this.#signal('SIGCONT');
  }

  kill(): void {
    this.#isEnding = true;
    this.#signal('SIGKILL');
  }

  stop(): void {
    this.#isEnding = true;
    this.#signal('SIGTERM');
    this.#signal('SIGCONT');
  }

  async ended(): Promise<void> {
    await (await this.#child).exited;
  }

  #signal(signal: Parameters<ChildProcess['signal']>[0]): void {
    void this.#child.then((child) => child.signal(signal));
  }
}
