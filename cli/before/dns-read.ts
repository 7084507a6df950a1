/** Imported only when it is needed, as it loads the libraries of the providers. */
import * as z from 'zod';
import { CallLimiters } from '../../dns/calls/call-limiter.ts';
import { DnsError, needsHuman } from '../../dns/provider.ts';
import { createProvider, DNS_PROVIDERS, type DnsConfig, dnsInUse } from '../../dns/registry.ts';
import { ZoneChoice } from '../../dns/zones/zone-choice.ts';
import { ZoneLocks } from '../../dns/zones/zone-locks.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { type Clock, withDeadline } from '../../runtime/clock.ts';
import { explain } from '../../runtime/explain.ts';
import { outboundDispatcher } from '../../runtime/outbound/dispatcher.ts';
import { parse } from '../../settings/parse.ts';
import { RawTree } from '../../settings/raw-tree.ts';
import { listOf } from '../../settings/schema.ts';

const LIMIT_MS = 20_000;

/** The part of the configuration that says where the records are. */
const DNS_ALONE = z.object({
  followers: listOf(
    z.array(z.unknown()),
    z.object({ dns: listOf(z.array(z.unknown()), DNS_PROVIDERS).meta({ orOne: true }) }),
  ),
});

export interface DnsToRead {
  /** The environment of the controller. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Files that it will have, by their paths. */
  readonly files: Readonly<Record<string, string>>;
  /** Its configuration file, parsed; undefined without one. */
  readonly file: unknown;
  /** The proxies of this machine, not those of the controller, as the calls are made from here. */
  readonly proxies: { readonly https?: string | undefined; readonly http?: string | undefined };
  readonly noProxy: readonly string[];
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly namespace: string;
  readonly abort: AbortSignal;
}

export interface DnsReading {
  readonly provider: string;
  readonly zone: string;
  readonly names: readonly string[];
  readonly error?: {
    readonly message: string;
    readonly action: string;
    /** It lasts until somebody changes something. */
    readonly stays: boolean;
  };
}

/** Reads each zone once with the credentials of the controller, and writes nothing. */
export async function readDns(asked: DnsToRead): Promise<readonly DnsReading[]> {
  const configs = settingsIn(asked);
  const { proxies, noProxy } = asked;
  const dispatcher = outboundDispatcher(
    { https: proxies.https, http: proxies.http, noProxy },
    { keepAliveTimeout: 1_000 },
  );
  try {
    // One after the other, as several may share the rate limit of one account.
    const readings: DnsReading[] = [];
    for (const config of configs) readings.push(...(await readSet(config, asked, dispatcher)));
    return readings;
  } finally {
    await dispatcher.close();
  }
}

function settingsIn({ env, file, files }: DnsToRead): readonly DnsConfig[] {
  // Other settings are not checked here; the controller reports what is wrong with them when it starts.
  const tree = new RawTree({
    report: () => undefined,
    secrets: { env, readFile: (path) => files[path] ?? unreadable(), referenced: new Set() },
  });
  const raw = tree.readObject(DNS_ALONE.shape, {
    env,
    isForeign: () => false,
    file,
    path: [],
    at: [],
  });
  const { value, issues } = parse(DNS_ALONE, raw);
  const [issue] = issues;
  if (issue !== undefined) throw new Error(`${issue.path.join('.')} ${issue.message}`);
  return value.followers.flatMap(({ dns }) => dnsInUse(dns));
}

function unreadable(): string {
  throw new Error('it is in no Secret of the manifests or of this cluster');
}

async function readSet(
  config: DnsConfig,
  { api, clock, namespace, abort }: DnsToRead,
  dispatcher: ReturnType<typeof outboundDispatcher>,
): Promise<readonly DnsReading[]> {
  const provider = await createProvider(config, {
    api,
    clock,
    dispatcher,
    follower: '',
    namespace,
    locks: new ZoneLocks(),
    limiters: new CallLimiters(clock),
    snapshots: { save: () => Promise.reject(new Error('nothing is written here')) },
  });
  const choice = new ZoneChoice(provider, config.records, clock, () => undefined);
  const { namesByZone, held } = await choice.choose(abort);
  const readings = held.map(
    ({ zone, names, error }): DnsReading => ({
      provider: provider.name,
      zone,
      names,
      error: described(error),
    }),
  );
  for (const [zone, names] of namesByZone) {
    const reading = { provider: provider.name, zone, names };
    try {
      await withDeadline(clock, LIMIT_MS, abort, `the records of ${zone}`, (limited) =>
        provider.read({ zone, names, abort: limited }),
      );
      readings.push(reading);
    } catch (error) {
      abort.throwIfAborted();
      readings.push({ ...reading, error: described(error) });
    }
  }
  return readings;
}

function described(error: unknown): NonNullable<DnsReading['error']> {
  if (error instanceof DnsError) {
    return { message: error.message, action: error.action, stays: needsHuman(error.kind) };
  }
  return { message: explain(error), action: 'Try it again.', stays: false };
}
