import type { ProcessClock, VirtualClock } from '../../test/support/virtual-clock.ts';
import type { Leadership } from '../leadership.ts';
import { LeaseElection, type LeaseElectionOptions, type LeaseEvent } from '../lease.ts';
import { LeaseClient } from './lease-client.ts';
import type { LeaseServer } from './lease-server.ts';

/** One process that stands for election. */
export class Candidate {
  readonly identity: string;
  readonly clock: ProcessClock;
  readonly client: LeaseClient;
  readonly events: LeaseEvent[] = [];
  /** Every leadership it ever had; the last may still be held. */
  readonly leaderships: Leadership[] = [];
  /** Resolves or rejects as `LeaseElection.run` does. */
  readonly running: Promise<void>;
  readonly #stop = new AbortController();

  constructor(
    identity: string,
    world: VirtualClock,
    server: LeaseServer,
    options: Partial<LeaseElectionOptions> = {},
    lead: (leadership: Leadership, candidate: Candidate) => Promise<void> = untilOver,
  ) {
    this.identity = identity;
    this.clock = world.process();
    this.client = new LeaseClient(server, world, this.clock);
    const election = new LeaseElection({
      api: this.client,
      clock: this.clock,
      random: () => 0.5,
      namespace: 'here',
      name: 'lease',
      identity,
      onEvent: (event) => this.events.push(event),
      ...options,
    });
    this.running = election.run((leadership) => {
      this.leaderships.push(leadership);
      return lead(leadership, this);
    }, this.#stop.signal);
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
