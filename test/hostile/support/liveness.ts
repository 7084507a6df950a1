import { Agent, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const PERIOD_MS = 100;
/** As the chart's probes, which give up a little earlier or later. */
const LIMIT_MS = 5_000;

/** Asks as a kubelet does, by a connection of its own each time, and remembers what came of it. */
export class Liveness {
  readonly failures: string[] = [];
  slowestMs = 0;
  asked = 0;
  readonly #url: string;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(url: string) {
    this.#url = url;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const began = performance.now();
      const problem = await ask(this.#url);
      this.asked += 1;
      this.slowestMs = Math.max(this.slowestMs, performance.now() - began);
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
