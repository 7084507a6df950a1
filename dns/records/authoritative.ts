import { Resolver } from 'node:dns/promises';
import { type Clock, withDeadline } from '../../runtime/clock.ts';
import { canonicalValue } from '../plan.ts';
import type { RecordType } from '../records.ts';
import { namesUpTo } from '../zones.ts';

/** Why name servers do not show a record as written: they answer with addresses of the provider, or of a CNAME's target. */
export type Hidden = 'proxied' | 'flattened';

export interface ServerAnswer {
  readonly server: string;
  /** Empty if the record does not exist; undefined if the server did not answer. */
  readonly values: readonly string[] | undefined;
  /** The answer is the provider's, in place of the name servers. */
  readonly hidden?: Hidden;
}

export interface RecordQuery {
  readonly zone: string;
  readonly name: string;
  readonly type: RecordType;
  readonly abort: AbortSignal;
}

/**
 * Asks every authoritative name server of the zone, so that no resolver's cache is involved. Empty if none is known.
 * Rejects only with the reason of `abort`.
 */
export type AuthoritativeLookup = (query: RecordQuery) => Promise<readonly ServerAnswer[]>;

export interface NameServer {
  readonly name: string;
  /** For node:dns: with or without a port. */
  readonly addresses: readonly string[];
}

const QUERY = { timeout: 2_000, tries: 2 };
const LOOKUP_TIMEOUT_MS = 10_000;
const SERVERS_KEPT_MS = 10 * 60_000;
const MAX_SERVERS = 8;
/** The server answered that there is no such record. */
const ABSENT = new Set(['ENODATA', 'ENOTFOUND']);

export function authoritativeLookup(
  clock: Clock,
  findServers: (zone: string) => Promise<readonly NameServer[]> = delegatedServers,
): AuthoritativeLookup {
  const known = new Map<string, { readonly at: number; readonly found: Promise<readonly NameServer[]> }>();
  const serversOf = (zone: string): Promise<readonly NameServer[]> => {
    const kept = known.get(zone);
    if (kept !== undefined && clock.elapsed() - kept.at < SERVERS_KEPT_MS) return kept.found;
    const own = { at: clock.elapsed(), found: findServers(zone) };
    const forget = () => {
      if (known.get(zone) === own) known.delete(zone);
    };
    known.set(zone, own);
    own.found.then((servers) => servers.length === 0 && forget(), forget);
    return own.found;
  };
  const serversBelow = async (zone: string, name: string): Promise<readonly NameServer[] | undefined> => {
    for (const below of namesUpTo(zone, name)) {
      const servers = await serversOf(below).catch(() => []); // It is no zone.
      if (servers.length > 0) return servers;
    }
    return undefined;
  };
  return async ({ zone, name, type, abort }) => {
    try {
      return await withDeadline(clock, LOOKUP_TIMEOUT_MS, abort, `name servers of ${zone}`, async () => {
        const servers = await serversOf(zone);
        const answers = await askAll(servers, name, type);
        if (!isNowhere(answers)) return answers;
        // So is a referral shown: not every provider tells that it has a zone of its own below this one.
        const below = await serversBelow(zone, name);
        return below === undefined || below === servers ? answers : await askAll(below, name, type);
      });
    } catch {
      abort.throwIfAborted();
      return []; // Too slow or unknown: the same as no server.
    }
  };
}

async function delegatedServers(zone: string): Promise<readonly NameServer[]> {
  const resolver = new Resolver(QUERY);
  const names = (await resolver.resolveNs(zone)).sort().slice(0, MAX_SERVERS);
  return Promise.all(
    names.map(async (name) => {
      const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
      return {
        name,
        addresses: found.flatMap((result) => (result.status === 'fulfilled' ? result.value : [])),
      };
    }),
  );
}

function askAll(
  servers: readonly NameServer[],
  name: string,
  type: RecordType,
): Promise<readonly ServerAnswer[]> {
  return Promise.all(servers.map((server) => ask(server, name, type)));
}

function isNowhere(answers: readonly ServerAnswer[]): boolean {
  const values = answers.flatMap((answer) => (answer.values === undefined ? [] : [answer.values]));
  return values.length > 0 && values.every(({ length }) => length === 0);
}

async function ask(
  { name: server, addresses }: NameServer,
  name: string,
  type: RecordType,
): Promise<ServerAnswer> {
  for (const address of addresses) {
    const values = await query(address, name, type);
    if (values !== undefined) return { server, values };
  }
  return { server, values: undefined };
}

/** Undefined: no answer. */
async function query(
  address: string,
  name: string,
  type: RecordType,
): Promise<readonly string[] | undefined> {
  const resolver = new Resolver(QUERY);
  resolver.setServers([address]);
  try {
    const values = await resolver.resolve(name, type);
    return (values as string[]).map(canonicalValue).sort();
  } catch (error) {
    return error instanceof Error && 'code' in error && ABSENT.has(String(error.code)) ? [] : undefined;
  }
}
