import type { Transition } from '../../../../contract/history.ts';
import type { Status } from '../../../../contract/status.ts';
import type { PostRequest } from '../../../../notify/post.ts';
import type { NotifyTarget } from '../../../../notify/target.ts';
import type { Clock } from '../../../../runtime/clock.ts';
import { TestLeadership } from '../../../../test/support/fake-cluster.ts';
import { SeededRandom } from '../../../../test/support/random.ts';
import { statusAt } from '../../../../test/support/status.ts';
import { VirtualClock } from '../../../../test/support/virtual-clock.ts';
import { loadConfig } from '../../../config.ts';
import { NotifySignal } from '../index.ts';

export const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
export const ENV = {
  SITES: '[{"name":"us","nodeName":"us-1"},{"name":"eu","nodeName":"eu-1"}]',
  NOTIFY: '[{"name":"on-call","url":"https://hooks.example/T0KEN","secrets":[{"env":"ON_CALL_SECRET"}]}]',
  ON_CALL_SECRET: SECRET,
};
const SITE = { name: 'us', nodeNames: ['us-1'] };

export interface CloudEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

type Answer = { readonly status: number; readonly retryAfterMs?: number } | Error;

/** A history of moves, a report that is kept, and a target that hears of them; the primary is in `us`. */
export class NotifyScene {
  readonly clock = new VirtualClock();
  readonly sections = new Map<string, unknown>();
  readonly outcomes: string[] = [];
  status: Status = statusAt('', { epoch: 0 });
  /** Every request, with the moment at which it came. */
  requests: (PostRequest & { readonly at: number })[] = [];
  answer: () => Answer = () => ({ status: 204 });
  #history: readonly Transition[] = [];

  constructor() {
    this.move('us');
  }

  move(to: string): void {
    const since = new Date(this.clock.now()).toISOString();
    const { activeSite: from } = this.status;
    const epoch = this.status.epoch + 1;
    const place = { node: `${to}-1`, primary: 'pg-1' };
    this.status = {
      ...this.status,
      activeSite: to,
      activeNode: place.node,
      primary: place.primary,
      epoch,
      since,
    };
    const transition = { epoch, from, to, ...place, movedAt: '', writtenAt: since };
    this.#history = [...this.#history, transition].slice(-50);
  }

  /** One leadership: a signal that takes over what the report holds. */
  lead(env: Readonly<Record<string, string>> = {}, ownClock: Clock = this.clock) {
    const leadership = new TestLeadership();
    const signal = this.#createSignal(env, ownClock);
    const ended = signal.watch(() => undefined, leadership.abort);
    return {
      leadership,
      apply: async (): Promise<string> => {
        const applied = signal
          .apply({ follower: 'default', status: this.status, site: SITE }, leadership)
          .then(
            () => '',
            (error: unknown) => String(error),
          );
        await this.clock.advance(0);
        return applied;
      },
      end: async () => {
        leadership.end();
        await ended;
      },
    };
  }

  events(): CloudEvent[] {
    return this.requests.map(({ body }) => JSON.parse(body) as CloudEvent);
  }

  types(): string[] {
    return this.events().map(({ type }) => type.replace('site-follower.', ''));
  }

  #createSignal(env: Readonly<Record<string, string>>, clock: Clock): NotifySignal {
    const { sections, outcomes } = this;
    const history = () => this.#history;
    return new NotifySignal({
      follower: 'default',
      source: '/kube-site-follower/ops/default',
      targets: targetsOf(env),
      clock,
      random: new SeededRandom('notify').next,
      post: (request) => {
        this.requests.push({ ...request, at: this.clock.elapsed() });
        const { retryAfterMs, ...rest } = { retryAfterMs: undefined, ...unlessError(this.answer()) };
        return Promise.resolve({ ...rest, retryAfterMs });
      },
      report: {
        get history() {
          return history();
        },
        // As a ConfigMap keeps it.
        get: (section) => JSON.parse(JSON.stringify(sections.get(section) ?? null)) as unknown,
        set: (section, value) => sections.set(section, value),
      },
      observer: {
        onOutcome: (target, outcome, problem) => outcomes.push(`${target} ${outcome} ${problem}`.trim()),
        onQueue: () => undefined,
      },
    });
  }
}

function targetsOf(env: Readonly<Record<string, string>>): readonly NotifyTarget[] {
  const loaded = loadConfig({ ...ENV, ...env }, () => '');
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.value.followers[0].notify;
}

function unlessError<T>(value: T | Error): T {
  if (value instanceof Error) throw value;
  return value;
}
