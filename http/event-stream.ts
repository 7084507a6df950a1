import type { ServerResponse } from 'node:http';
import type { Clock } from '../runtime/clock.ts';
import { largestGroup } from './largest-group.ts';

/** Below the idle limits of usual proxies. */
const HEARTBEAT_MS = 15_000;

interface Client {
  readonly response: ServerResponse;
  /** What was written last. */
  sent: string;
  /** At a heartbeat, something written before the last one had still not gone out. */
  stuck: boolean;
}

/**
 * Server-sent events: to each client the newest state at once and after each change. A slow client misses states in
 * between, never the newest; one that reads nothing for a whole heartbeat is cut off. When there are too many, the one that
 * has listened for the longest time goes, of the address with the most: a client with many loses one of its own.
 */
export class EventStream {
  readonly #clock: Clock;
  readonly #maxClients: number;
  readonly #clients = new Set<Client>();
  #cancelHeartbeat: () => void = () => undefined;
  #newest: string;

  constructor(clock: Clock, newest: string, maxClients: number) {
    this.#clock = clock;
    this.#maxClients = maxClients;
    this.#newest = newest;
    this.#scheduleHeartbeat();
  }

  add(response: ServerResponse): void {
    const client: Client = { response, sent: '', stuck: false };
    this.#clients.add(client);
    if (this.#clients.size > this.#maxClients) this.#endOne();
    response.on('close', () => this.#clients.delete(client));
    response.on('drain', () => this.#send(client));
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    response.write('retry: 2000\n\n');
    this.#send(client);
  }

  /** `state` is one line of JSON. */
  publish(state: string): void {
    this.#newest = state;
    for (const client of this.#clients) this.#send(client);
  }

  close(): void {
    this.#cancelHeartbeat();
    for (const { response } of this.#clients) response.end();
  }

  #endOne(): void {
    const [oldest] = largestGroup(this.#clients, ({ response }) => response.socket?.remoteAddress);
    if (oldest === undefined) return;
    // Its own event comes later.
    this.#clients.delete(oldest);
    oldest.response.destroy();
  }

  #send(client: Client): void {
    const { response } = client;
    if (response.writableEnded || response.writableNeedDrain || client.sent === this.#newest) return;
    client.sent = this.#newest;
    response.write(`data: ${this.#newest}\n\n`);
  }

  #scheduleHeartbeat(): void {
    this.#cancelHeartbeat = this.#clock.after(HEARTBEAT_MS, () => {
      for (const client of this.#clients) this.#beat(client);
      this.#scheduleHeartbeat();
    });
  }

  #beat(client: Client): void {
    const { response } = client;
    if (client.stuck && response.writableNeedDrain) response.destroy();
    client.stuck = response.writableNeedDrain;
    if (!client.stuck) response.write(':\n\n');
  }
}
