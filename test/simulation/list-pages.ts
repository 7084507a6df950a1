import type { KubeObject, List } from '../../kubernetes/api.ts';
import { refusal } from './api-objects.ts';

/** Fewer than anybody asks for, so that paging is used: a server may always answer with less. */
const PAGE = 3;

/** Lists in pages, all of the revision of the first one. */
export class ListPages {
  readonly #rest = new Map<string, List<KubeObject>>();
  #tokens = 0;

  first<T>(items: readonly KubeObject[], resourceVersion: string, limit = PAGE): List<T> {
    const size = Math.min(limit, PAGE);
    const page = { items: items.slice(0, size) as readonly KubeObject[] as readonly T[], resourceVersion };
    if (items.length <= size) return page;
    // Never used again: what is forgotten must not be taken for another list.
    this.#tokens += 1;
    const token = `${resourceVersion}-${this.#tokens}`;
    this.#rest.set(token, { items: items.slice(size), resourceVersion });
    return { ...page, continue: token };
  }

  next<T>(token: string, limit: number | undefined): List<T> {
    const rest = this.#rest.get(token);
    if (rest === undefined) throw refusal(410, 'Expired', 'the continue token is too old: list again');
    return this.first<T>(rest.items, rest.resourceVersion, limit);
  }

  /** Continue tokens given so far answer 410. */
  forget(): void {
    this.#rest.clear();
  }
}
