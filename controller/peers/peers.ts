import { type Clock, sleep, timestamp } from '../../runtime/clock.ts';
import { explain } from '../../runtime/explain.ts';
import type { Peer } from '../config/peers.ts';
import type { ControllerView } from '../controller.ts';
import type { Logger } from '../log.ts';
import type { AskPeer } from './ask.ts';
import type { PeerView } from './side.ts';

export interface PeersPorts {
  readonly ask: AskPeer;
  readonly clock: Clock;
  readonly log: Logger;
}

/** All that is shown. */
export interface ShownView extends ControllerView {
  /** Absent where none are configured. */
  readonly peers?: readonly PeerView[] | undefined;
}

const PERIOD_MS = 10_000;

/**
 * Asks the other clusters of a topology now and then, for the page. Nothing that follows or decides has a way to it: what a
 * peer says, or that it says nothing, changes nothing here but what people see.
 */
export class Peers {
  readonly #peers: readonly Peer[];
  readonly #ports: PeersPorts;
  readonly #views = new Map<string, PeerView>();
  readonly #listeners = new Set<() => void>();

  constructor(peers: readonly Peer[], ports: PeersPorts) {
    this.#peers = peers;
    this.#ports = ports;
    for (const { site } of peers) this.#views.set(site, { site, answeredAt: null, problem: '', sides: [] });
  }

  /** With what the controller here says of itself. */
  beside(own: ControllerView): ShownView {
    return this.#peers.length === 0 ? own : { ...own, peers: this.views };
  }

  get views(): readonly PeerView[] {
    return [...this.#views.values()];
  }

  /** Calls back when a peer says something else, or nothing any more; returns how to end that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves after `abort` fires. */
  async run(abort: AbortSignal): Promise<void> {
    await Promise.all(this.#peers.map((peer) => this.#follow(peer, abort)));
  }

  async #follow({ site, url }: Peer, abort: AbortSignal): Promise<void> {
    const { ask, clock } = this.#ports;
    while (!abort.aborted) {
      // A defect shows like a peer that cannot be asked, and ends nothing.
      const answer = await ask(url, abort).catch(
        (error) => ({ ok: false, problem: explain(error) }) as const,
      );
      if (abort.aborted) return;
      const before = this.#views.get(site);
      this.#note(
        answer.ok
          ? { site, answeredAt: timestamp(clock), problem: '', sides: answer.sides }
          : {
              site,
              answeredAt: before?.answeredAt ?? null,
              sides: before?.sides ?? [],
              problem: answer.problem,
            },
      );
      await sleep(clock, PERIOD_MS, abort);
    }
  }

  #note(view: PeerView): void {
    const { site, problem, sides } = view;
    const before = this.#views.get(site);
    this.#views.set(site, view);
    const { log } = this.#ports;
    if (problem !== '' && before?.problem !== problem)
      log.warn({ peer: site, problem }, 'peer cannot be shown');
    if (problem === '' && before?.problem !== '') log.info({ peer: site }, 'peer answers again');
    // The time of an answer alone is no news for who listens to events.
    const isNews = before?.problem !== problem || JSON.stringify(before.sides) !== JSON.stringify(sides);
    if (!isNews && before.answeredAt !== null) return;
    for (const listener of this.#listeners) listener();
  }
}
