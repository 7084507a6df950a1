import assert from 'node:assert/strict';
import { FakeCluster } from './fake-cluster.ts';

/** A cluster with the namespace `app`, and those who listen to what is watched in it. */
export class WatchScene {
  readonly kube = new FakeCluster(['app']);
  readonly #ends: AbortController[] = [];

  /** Until everything that was changed is known. */
  soon(): Promise<void> {
    return this.kube.clock.advance(1_500);
  }

  /** `end` stops it. */
  listen(begin: (abort: AbortSignal) => Promise<void>) {
    const end = new AbortController();
    this.#ends.push(end);
    return { end, ended: begin(end.signal) };
  }

  /** To be called after each test: nothing goes on when nobody listens any more. */
  async stop(): Promise<void> {
    for (const end of this.#ends) end.abort();
    await this.soon();
    assert.equal(this.kube.process.pending, 0, 'a timer was left');
  }
}
