/** Answers in the form of the Cloudflare API v4. */
import { randomBytes } from 'node:crypto';

/** What the API may do otherwise than asked. */
export interface Paging {
  /** Gives at most so many items a page. */
  readonly most?: number;
  /** What it does not say of the list. */
  readonly unsaid?: readonly ('per_page' | 'total_count' | 'total_pages')[];
}

export function page(
  items: readonly unknown[],
  { searchParams }: URL,
  { most = Infinity, unsaid = [] }: Paging = {},
): unknown {
  const perPage = Math.min(most, Number(searchParams.get('per_page') ?? 20));
  const number = Number(searchParams.get('page') ?? 1);
  const result = items.slice((number - 1) * perPage, number * perPage);
  const info = {
    page: number,
    per_page: perPage,
    count: result.length,
    total_count: items.length,
    total_pages: Math.ceil(items.length / perPage),
  };
  const said = Object.entries(info).filter(([key]) => !unsaid.some((each) => each === key));
  return { ...success(result), result_info: Object.fromEntries(said) };
}

export function success(result: unknown) {
  return { success: true, errors: [], messages: [], result };
}

/** Of what is wrong with a record the reason is in the chain (kubernetes-sigs/external-dns#2026). */
export function failure(code: number, message: string) {
  const reason = { code, message };
  const isAboutRecord = code >= 9_000 && code < 9_100;
  const error = isAboutRecord
    ? { code: 1004, message: 'DNS Validation Error', error_chain: [reason] }
    : reason;
  return { success: false, errors: [error], messages: [], result: null };
}

export function newId(): string {
  return randomBytes(16).toString('hex');
}
