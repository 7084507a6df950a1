/** What the errors of each DNS provider mean, as docs/dns.md has them. */
import type { ErrorRow } from '../dns/errors.ts';
import { DNS_PROVIDERS } from '../dns/registry.ts';
import { choiceOf } from '../settings/schema.ts';
import { table } from './markdown.ts';

const NAMES = choiceOf(DNS_PROVIDERS).options.flatMap(({ name }) => (name === 'none' ? [] : [name]));

/** By the folder in dns/. */
export const ERRORS: ReadonlyMap<string, readonly ErrorRow[]> = new Map(
  await Promise.all(NAMES.map(async (name) => [name, await tableOf(name)] as const)),
);

export function errorTable(rows: readonly ErrorRow[]): string {
  return table(
    ['code', 'kind', 'what to do'],
    rows.map(({ name, codes, kind, action }) => [
      name === undefined ? codes.join(' ') : `${name} (HTTP ${codes.join(', ')})`,
      kind,
      action,
    ]),
  );
}

async function tableOf(provider: string): Promise<readonly ErrorRow[]> {
  const { ERROR_TABLE }: { readonly ERROR_TABLE: readonly ErrorRow[] } = await import(
    `../dns/providers/${provider}/errors.ts`
  );
  return ERROR_TABLE;
}
