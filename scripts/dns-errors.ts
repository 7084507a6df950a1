/** What the errors of each DNS provider mean, as docs/dns.md has them. */
import { ERROR_TABLE as CLOUDFLARE } from '../dns/cloudflare/errors.ts';
import { ERROR_TABLE as EXTERNAL_DNS } from '../dns/external-dns/errors.ts';
import { ERROR_TABLE as NAMECHEAP } from '../dns/namecheap/errors.ts';
import { RCODES, TSIG_ACTIONS, UNSIGNED_NOTAUTH_ACTION } from '../dns/rfc2136/errors.ts';
import { ERROR_TABLE as ROUTE53 } from '../dns/route53/errors.ts';
import { ERROR_TABLE as WEBHOOK } from '../dns/webhook/errors.ts';
import { table } from './markdown.ts';

type Row = readonly [code: string, kind: string, action: string];

interface Coded {
  readonly codes: readonly (string | number)[];
  readonly kind: string;
  readonly action: string;
}

interface ByStatus {
  readonly statuses: readonly number[];
  readonly code: string;
  readonly kind: string;
  readonly action: string;
}

/** By the folder in dns/. */
export const ERRORS: Readonly<Record<string, readonly Row[]>> = {
  cloudflare: coded(CLOUDFLARE),
  route53: coded(ROUTE53),
  rfc2136: rfc2136(),
  'external-dns': byStatus(EXTERNAL_DNS),
  webhook: byStatus(WEBHOOK),
  namecheap: coded(NAMECHEAP),
};

export function errorTable(rows: readonly Row[]): string {
  return table(['code', 'kind', 'what to do'], rows);
}

function coded(rows: readonly Coded[]): readonly Row[] {
  return rows.map(({ codes, kind, action }) => [codes.join(' '), kind, action]);
}

function byStatus(rows: readonly ByStatus[]): readonly Row[] {
  return rows.map(({ statuses, code, kind, action }) => [
    `${code} (HTTP ${statuses.join(', ')})`,
    kind,
    action,
  ]);
}

/** A server without our key answers NOTAUTH too, unsigned: that is another row. */
function rfc2136(): readonly Row[] {
  return [
    ...Object.values(RCODES).map(({ name, kind, action }): Row => [name, kind, action]),
    ['NOTAUTH, unsigned', 'config', UNSIGNED_NOTAUTH_ACTION],
    ...Object.entries(TSIG_ACTIONS).map(([name, action]): Row => [name, 'config', action]),
  ];
}
