/** What the clients' pods got from the Service. */
import type { Request } from './requests.ts';
import type { Workload } from './workload.ts';

type Row = readonly [sentAt: number, endedAt: number, result: string];

const ASK_MS = 5_000;

export class Clients {
  /** By the site of the client, all since the start. */
  readonly requests = new Map<string, Request[]>();
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
          (text) => JSON.parse(text) as readonly Row[],
          () => [], // Its site is away, or it has just been started.
        );
        const kept = this.requests.get(site) ?? [];
        this.requests.set(site, kept);
        for (const row of rows) kept.push(this.#request(row));
      }),
    );
  }

  /** Of the client in `site`, those sent in this time. */
  between(site: string, from: number, to: number): readonly Request[] {
    return (this.requests.get(site) ?? []).filter(({ sentAt }) => sentAt >= from && sentAt < to);
  }

  #request([sentAt, endedAt, result]: Row): Request {
    if (result.startsWith('!')) return { sentAt, endedAt, error: result.slice(1) };
    return { sentAt, endedAt, site: this.#siteOfNode(result) ?? `node ${result}` };
  }
}
