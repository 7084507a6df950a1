/** What the clients' pods got from the Services. */
import type { Request } from './requests.ts';
import type { Way, Workload } from './workload.ts';

type Row = readonly [sentAt: number, endedAt: number, result: string];

const ASK_MS = 5_000;

export class Clients {
  /** By the site of the client and the Service, all since the start. */
  readonly #requests = new Map<string, Request[]>();
  readonly #workload: Workload;
  readonly #siteOfNode: (node: string) => string | undefined;

  constructor(workload: Workload, siteOfNode: (node: string) => string | undefined) {
    this.#workload = workload;
    this.#siteOfNode = siteOfNode;
  }

  /** Fetches what is new. A client that cannot be reached keeps its own until the next time. */
  async collect(): Promise<void> {
    const pods = await this.#workload.pods('client');
    await Promise.all(
      pods.map(async (pod) => {
        const site = this.#siteOfNode(pod.spec?.nodeName ?? '');
        if (site === undefined) return;
        const rows = await this.#workload.ask(pod, '/requests', ASK_MS).then(
          (text) => JSON.parse(text) as Readonly<Record<string, readonly Row[]>>,
          () => ({}), // Its site is away, or it has just been started.
        );
        for (const [service, ofService] of Object.entries(rows)) {
          const key = `${site} ${service}`;
          const kept = this.#requests.get(key) ?? [];
          this.#requests.set(key, kept);
          for (const row of ofService) kept.push(this.#request(row));
        }
      }),
    );
  }

  /** Of the client in `site`, those that were sent to the Service in this time. */
  between(site: string, service: Way, from: number, to: number): readonly Request[] {
    const requests = this.#requests.get(`${site} ${service}`) ?? [];
    return requests.filter(({ sentAt }) => sentAt >= from && sentAt < to);
  }

  #request([sentAt, endedAt, result]: Row): Request {
    if (result.startsWith('!')) return { sentAt, endedAt, error: result.slice(1) };
    return { sentAt, endedAt, site: this.#siteOfNode(result) ?? `node ${result}` };
  }
}
