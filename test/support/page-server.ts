import { pino } from 'pino';
import { type HttpServer, startHttp } from '../../controller/http.ts';
import { renderPage } from '../../controller/page/page.ts';
import type { ShownView } from '../../controller/peers/peers.ts';
import { systemClock } from '../../runtime/clock.ts';

/** The controller's own HTTP server and page, over a state that the test sets. */
export class PageServer {
  #view: ShownView;
  readonly #listeners = new Set<() => void>();
  #stop = new AbortController();
  #server: HttpServer | undefined;
  #port = 0;

  constructor(view: ShownView) {
    this.#view = view;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** Listens; again after {@link stop}, on the same port. */
  async start(): Promise<void> {
    this.#stop = new AbortController();
    this.#server = await startHttp(
      {
        port: this.#port,
        clock: systemClock,
        log: pino({ level: 'silent' }),
        hosts: [],
        sources: {
          health: () => ({ ok: true, reason: '' }),
          ready: () => ({ ok: true, reasons: [] }),
          metrics: () => Promise.resolve(''),
          status: () => this.#view,
          page: () => renderPage(this.#view, Date.now()),
          onChange: (listener) => {
            this.#listeners.add(listener);
            return () => this.#listeners.delete(listener);
          },
        },
      },
      this.#stop.signal,
    );
    this.#port = this.#server.port;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#server?.closed;
  }

  show(view: ShownView): void {
    this.#view = view;
    for (const listener of this.#listeners) listener();
  }
}
