import assert from 'node:assert/strict';
import { ApiServer } from '../../test/simulation/api-server.ts';
import { Connection } from '../../test/simulation/connection.ts';
import { CALM, type Faults } from '../../test/simulation/faults.ts';
import { SeededRandom } from '../../test/support/random.ts';
import type { ProcessClock, VirtualClock } from '../../test/support/virtual-clock.ts';
import type { Leadership } from '../leadership.ts';
import { LeaseElection, type LeaseElectionOptions, type LeaseEvent } from '../lease.ts';
import { NAMESPACES } from '../resources.ts';

export const LEASE = { namespace: 'here', name: 'lease' };
/** What may be wrong between a candidate and the API server. */
export const LOST_REQUESTS: Partial<Faults> = { rates: { 'request lost': 1 } };
export const LOST_ANSWERS: Partial<Faults> = {
  rates: { 'answer lost': 1 },
  watch: { ...CALM.watch, lost: 1 },
};
export const SENT_TWICE: Partial<Faults> = { rates: { 'sent twice': 1 } };

/** Answers come, after so many milliseconds. */
export function lateAnswers(ms: number): Partial<Faults> {
  return { rates: { 'answer late': 1 }, late: [ms, ms] };
}

/** The API server of an election. */
export function electionServer(world: VirtualClock): ApiServer {
  const server = new ApiServer({
    now: () => world.now(),
    onChange: () => undefined,
    onUnknown: (use) => assert.fail(use),
  });
  server.create('test', NAMESPACES, { metadata: { name: LEASE.namespace } });
  return server;
}

/** One process that stands for election. */
export class Candidate {
  readonly identity: string;
  readonly clock: ProcessClock;
  readonly events: LeaseEvent[] = [];
  /** Every leadership it ever had; the last may still be held. */
  readonly leaderships: Leadership[] = [];
  /** Resolves or rejects as `LeaseElection.run` does. */
  readonly running: Promise<void>;
  readonly #connection: Connection;
  readonly #stop = new AbortController();

  constructor(
    identity: string,
    world: VirtualClock,
    server: ApiServer,
    options: Partial<LeaseElectionOptions> = {},
    lead: (leadership: Leadership, candidate: Candidate) => Promise<void> = untilOver,
  ) {
    this.identity = identity;
    this.clock = world.process();
    this.#connection = new Connection({
      actor: identity,
      clock: world,
      process: this.clock,
      server,
      random: new SeededRandom(identity),
      hooks: {
        onCall: () => undefined,
        onSuccess: () => undefined,
        onTrouble: () => undefined,
        during: (_call, operate) => operate(),
      },
    });
    this.suffer({});
    const election = new LeaseElection({
      api: this.#connection,
      clock: this.clock,
      random: () => 0.5,
      ...LEASE,
      identity,
      onEvent: (event) => this.events.push(event),
      ...options,
    });
    this.running = election.run((leadership) => {
      this.leaderships.push(leadership);
      return lead(leadership, this);
    }, this.#stop.signal);
  }

  /** From now on these alone are wrong between it and the API server. */
  suffer(faults: Partial<Faults>): void {
    this.#connection.faults = { ...CALM, latency: [1, 1], ...faults };
  }

  /** Whether it would write at this moment. */
  get holds(): boolean {
    return this.clock.state !== 'crashed' && this.leaderships.some((leadership) => leadership.isLeader());
  }

  get current(): Leadership {
    const leadership = this.leaderships.at(-1);
    if (leadership === undefined) throw new Error(`${this.identity} never led`);
    return leadership;
  }

  stop(): void {
    this.#stop.abort(new Error('stopped by the test'));
  }

  told(kind: LeaseEvent['kind']): number {
    return this.events.filter((event) => event.kind === kind).length;
  }
}

/** Work that ends when it is told to. */
export function untilOver({ abort }: Leadership): Promise<void> {
  return new Promise((resolve) => {
    if (abort.aborted) resolve();
    else abort.addEventListener('abort', () => resolve(), { once: true });
  });
}
