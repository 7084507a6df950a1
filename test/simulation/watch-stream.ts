import type { KubeObject, Resource, WatchEvent, WatchOptions } from '../../kubernetes/api.ts';
import type { SeededRandom } from '../support/random.ts';
import type { ProcessClock } from '../support/virtual-clock.ts';
import { tooOld } from './api-objects.ts';
import type { ApiServer } from './api-server.ts';
import type { Faults } from './faults.ts';

const BOOKMARK_MS = 60_000;

interface StreamPorts {
  readonly process: ProcessClock;
  readonly random: SeededRandom;
  readonly faults: () => Faults;
}

type Item = { readonly event: WatchEvent<KubeObject> } | { readonly error: unknown } | 'end';

/** One watch as its process sees it: in order, but perhaps late, incomplete, double or silent. */
export class WatchStream {
  readonly #ports: StreamPorts;
  readonly #items: Item[] = [];
  readonly #cleanups: (() => void)[] = [];
  #wake: (() => void) | undefined;
  #state: 'open' | 'silent' | 'closed' = 'open';
  #lastAt = 0;

  constructor(ports: StreamPorts) {
    this.#ports = ports;
  }

  /** Starts at the server; throws 410. */
  open(server: ApiServer, resource: Resource, options: WatchOptions): void {
    const { process } = this.#ports;
    if (this.#state === 'closed' || process.state === 'crashed') return;
    this.#cleanups.push(server.subscribe(resource, options, (event) => this.#push(event)));
    this.#cleanups.push(process.after(options.timeoutSeconds * 1_000, () => this.#receive('end')));
    let cancelBookmark = () => {};
    const bookmarkLater = () => {
      cancelBookmark = process.after(BOOKMARK_MS, () => {
        this.#send({ event: { type: 'BOOKMARK', object: revisionOf(server) } });
        bookmarkLater();
      });
    };
    bookmarkLater();
    this.#cleanups.push(() => cancelBookmark());
    const { abort } = options;
    if (abort === undefined) return;
    const onAbort = () => this.#put({ error: abort.reason });
    abort.addEventListener('abort', onAbort, { once: true });
    this.#cleanups.push(() => abort.removeEventListener('abort', onAbort));
    if (abort.aborted) onAbort();
  }

  async *events(): AsyncGenerator<WatchEvent<KubeObject>, void, undefined> {
    for (;;) {
      const item = this.#items.shift();
      if (item === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else if (item === 'end') return;
      else if ('error' in item) throw item.error;
      else yield item.event;
    }
  }

  /** As the server ends it. */
  end(): void {
    this.#receive('end');
  }

  /** Stays open, and nothing comes any more. */
  silence(): void {
    if (this.#state === 'open') this.#state = 'silent';
  }

  close(): void {
    this.#state = 'closed';
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
  }

  #push(event: WatchEvent<KubeObject>): void {
    const { process, random } = this.#ports;
    const { watch } = this.#ports.faults();
    if (process.state === 'crashed') {
      this.close();
      return;
    }
    if (random.chance(watch.silent)) this.silence();
    if (random.chance(watch.lost)) return;
    this.#send({ event });
    if (random.chance(watch.twice)) this.#send({ event });
    if (random.chance(watch.gone)) this.#send({ error: tooOld() });
    else if (random.chance(watch.ends)) this.#send('end');
  }

  #send(item: Item): void {
    const { process, random } = this.#ports;
    const { latency, watch } = this.#ports.faults();
    const now = process.elapsed();
    this.#lastAt = Math.max(this.#lastAt, now + random.integer(...latency) + random.integer(...watch.delay));
    process.after(this.#lastAt - now, () => this.#receive(item));
  }

  #receive(item: Item): void {
    if (this.#state === 'open') this.#put(item);
  }

  #put(item: Item): void {
    this.#items.push(item);
    this.#wake?.();
    this.#wake = undefined;
  }
}

function revisionOf(server: ApiServer): KubeObject {
  return { metadata: { name: '', resourceVersion: String(server.revision) } };
}
