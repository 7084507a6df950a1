/** Lists of the Cloudflare API come in pages. Pure. */
import * as z from 'zod';
import { answerError } from './errors.ts';

/** What an answer says about its list. The published schema has `total_count`; `total_pages` is not in all answers. */
export const PAGE_INFO = z
  .object({ per_page: z.int().positive(), total_count: z.int(), total_pages: z.int() })
  .partial();
type PageInfo = z.infer<typeof PAGE_INFO>;

export interface Page {
  /** From 1. */
  readonly page: number;
  /** Asked for: the API may give fewer, which is no sign of the end. */
  readonly perPage: number;
  readonly items: number;
}

/** The number of pages, as far as known. */
export function pagesOf(info: PageInfo, { page, perPage: asked, items }: Page): number {
  const { per_page: perPage, total_count: total, total_pages: pages } = info;
  if (pages !== undefined) return pages;
  if (total !== undefined) return Math.ceil(total / (perPage ?? asked));
  // A full page may not be the last, and of one whose size is not known only an empty one is.
  return items < (perPage ?? 1) ? page : page + 1;
}

/**
 * The items of all pages. A record that is removed while they are read moves the ones behind it forward, so that one of them is in no
 * page: a name would seem to have no record.
 */
export class WholeList<T> {
  readonly #what: string;
  readonly #called: string;
  readonly #items: T[] = [];
  #pages = 0;
  #total: number | undefined;

  constructor(what: string, called = 'records') {
    this.#what = what;
    this.#called = called;
  }

  /** Throws DnsError. */
  add(items: readonly T[], total: number | undefined): void {
    if (this.#pages > 0 && total !== this.#total)
      throw answerError(
        this.#what,
        `${this.#called} came or went while its pages were read, so some may be missing`,
      );
    this.#pages += 1;
    this.#total = total;
    this.#items.push(...items);
  }

  /** Throws DnsError. */
  items(): readonly T[] {
    const total = this.#total ?? this.#items.length;
    if (this.#items.length !== total)
      throw answerError(
        this.#what,
        `its pages have ${this.#items.length} ${this.#called}, and it says ${total}`,
      );
    return this.#items;
  }
}
