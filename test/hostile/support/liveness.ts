import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Background } from '../../support/background.ts';
import type { ChildProcess } from '../../support/process.ts';
import { waitedForProcessor } from './processor.ts';

const PERIOD_MS = 100;
/** As the chart's probes, which give up a little earlier or later. */
const LIMIT_MS = 5_000;

/**
 * Asks as a kubelet does, by a connection of its own each time, and remembers what came of it. Time in which it or the
 * one that it asks waited for a processor is not counted: others have it then, and the figure is of the machine.
 */
export class Liveness extends Background {
  readonly failures: string[] = [];
  slowestMs = 0;
  asked = 0;
  readonly #child: ChildProcess;
  readonly #url: string;

  constructor(child: ChildProcess, url: string) {
    super();
    this.#child = child;
    this.#url = url;
  }

  protected override async run(abort: AbortSignal): Promise<void> {
    const pids = [this.#child.pid, process.pid];
    while (!abort.aborted && this.#child.exit === undefined) {
      const began = performance.now();
      const waited = waitedForProcessor(pids);
      const problem = await ask(this.#url);
      if (this.#child.exit !== undefined) return;
      const tookMs = performance.now() - began - (waitedForProcessor(pids) - waited);
      this.asked += 1;
      this.slowestMs = Math.max(this.slowestMs, tookMs);
      if (problem !== undefined) this.failures.push(problem);
      await delay(PERIOD_MS);
    }
  }
}

function ask(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const call = get(url, { agent: new Agent({ keepAlive: false }), timeout: LIMIT_MS }, (response) => {
      response.resume();
      response.on('end', () =>
        resolve(response.statusCode === 200 ? undefined : `status ${response.statusCode}`),
      );
      response.on('error', (error) => resolve(error.message));
    });
    call.on('timeout', () => call.destroy(new Error(`no answer in ${LIMIT_MS} ms`)));
    call.on('error', (error) => resolve(error.message));
  });
}
