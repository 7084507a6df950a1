import { request } from 'node:http';
import type { Clock } from '../runtime/clock.ts';
import type { Answer } from './answer.ts';
import type { Log } from './log.ts';

/** `onActive` and `onStandby` are `PORT/PATH` on the loopback address; empty: nobody is called. */
export interface HookOptions {
  readonly onActive: string;
  readonly onStandby: string;
  readonly hookTimeoutMs: number;
  /** After the first attempt. */
  readonly hookRetries: number;
}

export interface HookPorts {
  readonly clock: Clock;
  readonly log: Log;
}

const BACKOFF = { base: 1_000, max: 30_000 };

/**
 * Calls the application when the pod becomes active or standby, and once when that is known for the first time. What is
 * still under way for the state before is given up: only the newest counts.
 */
export class Hooks {
  /** How many calls there were, by hook and outcome. */
  readonly counts = new Map<string, number>();
  readonly #options: HookOptions;
  readonly #ports: HookPorts;
  #active: boolean | undefined;
  #giveUp: () => void = () => undefined;

  constructor(options: HookOptions, ports: HookPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Given the answer as JSON, at each change of it. */
  tell(json: string): void {
    const { active, source } = JSON.parse(json) as Answer;
    if (source === 'none' || active === this.#active) return;
    this.#active = active;
    this.stop();
    const hook = active ? 'on-active' : 'on-standby';
    const target = active ? this.#options.onActive : this.#options.onStandby;
    if (target !== '') this.#call(hook, target, json, 0);
  }

  stop(): void {
    this.#giveUp();
  }

  #call(hook: string, target: string, body: string, attempt: number): void {
    const { clock, log } = this.#ports;
    const { hookTimeoutMs, hookRetries } = this.#options;
    const [port = '', ...path] = target.split('/');
    const cancel = clock.after(hookTimeoutMs, () => call.destroy(new Error('no answer in time')));
    let over = false;
    const end = (problem: string) => {
      if (over) return;
      over = true;
      cancel();
      const key = `${hook} ${problem === '' ? 'done' : 'failed'}`;
      this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
      if (problem === '') return log('info', 'application was called', { hook });
      const left = hookRetries - attempt;
      log('warn', 'application call failed', { hook, target, problem, left });
      const again = () => this.#call(hook, target, body, attempt + 1);
      if (left > 0) this.#giveUp = clock.after(Math.min(BACKOFF.base * 2 ** attempt, BACKOFF.max), again);
    };
    const call = request(
      {
        host: '127.0.0.1',
        port,
        path: `/${path.join('/')}`,
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        const { statusCode = 0 } = response;
        response.resume();
        end(statusCode >= 200 && statusCode < 300 ? '' : `status ${statusCode}`);
        // Whatever else it says is not read.
        call.destroy();
      },
    );
    call.on('error', ({ message }) => end(message));
    // Without an answer and without an error, as after `101 Switching Protocols`.
    call.on('close', () => end('the connection was closed'));
    this.#giveUp = () => {
      over = true;
      cancel();
      call.destroy();
    };
    call.end(body);
  }
}
