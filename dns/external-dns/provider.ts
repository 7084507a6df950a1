import { DEFAULT_FOLLOWER, LABELS, PROGRAM } from '../../contract/names.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { ignoreNotFound } from '../../kubernetes/errors.ts';
import type { AuthoritativeLookup, RecordQuery, ServerAnswer } from '../authoritative.ts';
import {
  type Edit,
  type Endpoint,
  editsOf,
  isProxied,
  nameOf,
  otherRecords,
  recordSets,
} from '../endpoint.ts';
import type { DnsProvider, WriteGuard } from '../provider.ts';
import { currentOf } from '../record-sets.ts';
import type { Change, Current, ZoneQuery } from '../records.ts';
import { DNS_ENDPOINTS, type DnsEndpoint } from './dns-endpoint.ts';
import { apiError, notOurs } from './errors.ts';

/** Reading one object is cheap, and deleting it deletes the records. */
const DRIFT_MS = 60_000;

/**
 * One DNSEndpoint for each zone, by server-side apply. We own the whole object, as the list of endpoints is atomic. Each
 * write has the resourceVersion that was read, so it is a compare-and-set.
 */
export class ExternalDnsProvider implements DnsProvider {
  readonly name = 'external-dns';
  readonly driftMs = DRIFT_MS;
  readonly #api: KubeApi;
  readonly #namespace: string;
  readonly #follower: string;

  constructor(api: KubeApi, namespace: string, follower: string) {
    this.#api = api;
    this.#namespace = namespace;
    this.#follower = follower;
  }

  async read({ zone, names, abort }: ZoneQuery): Promise<Current> {
    const endpoints = (await this.#find(zone, abort))?.spec?.endpoints ?? [];
    return currentOf(recordSets(endpoints), otherRecords(endpoints), { names });
  }

  async apply(zone: string, changes: readonly Change[], guard: WriteGuard): Promise<void> {
    const { abort } = guard;
    const found = await this.#find(zone, abort);
    const endpoints = found?.spec?.endpoints ?? [];
    const object = this.#object(zone, edited(endpoints, editsOf(endpoints, changes)), found);
    // Edits of our object are overwritten; an object that appeared meanwhile is not.
    const options = { type: 'apply', fieldManager: PROGRAM, force: found !== undefined, abort } as const;
    guard.assertMayWrite();
    await dnsErrors(abort, this.#api.patch(DNS_ENDPOINTS, object.metadata, object, options));
  }

  /** Only the name servers show the result, but whether ExternalDNS has read the object is known before. */
  async lookup(query: RecordQuery, ask: AuthoritativeLookup): Promise<readonly ServerAnswer[]> {
    const { zone, name, type, abort } = query;
    const [found, others] = await Promise.all([this.#findQuietly(zone, abort), ask(query)]);
    const isRead = found?.status?.observedGeneration === found?.metadata.generation;
    if (!isRead) return [{ server: 'ExternalDNS (has not read it)', values: undefined }, ...others];
    const endpoints = (found?.spec?.endpoints ?? []).filter((endpoint) => nameOf(endpoint) === name);
    if (!endpoints.some(isProxied)) return others;
    const values = recordSets(endpoints).find((set) => set.type === type)?.values ?? [];
    return [{ server: 'ExternalDNS (proxied)', values, hidden: 'proxied' }];
  }

  async #findQuietly(zone: string, abort: AbortSignal): Promise<DnsEndpoint | undefined> {
    try {
      return await this.#find(zone, abort);
    } catch {
      abort.throwIfAborted();
      return undefined; // The next read reports the error.
    }
  }

  /** Undefined if there is none, or no such kind: then the write fails. */
  async #find(zone: string, abort: AbortSignal): Promise<DnsEndpoint | undefined> {
    const key = this.#key(zone);
    const call = this.#api.get(DNS_ENDPOINTS, key, { abort }).catch(ignoreNotFound);
    const found = await dnsErrors(abort, call);
    const isOurs = found === undefined || found.metadata.labels?.[LABELS.managedBy] === PROGRAM;
    if (!isOurs) throw notOurs(key.name, key.namespace);
    return found;
  }

  #key(zone: string) {
    const follower = this.#follower === DEFAULT_FOLLOWER ? '' : `${this.#follower}-`;
    return { namespace: this.#namespace, name: `${PROGRAM}-${follower}${zone}` };
  }

  #object(zone: string, endpoints: readonly Endpoint[], found: DnsEndpoint | undefined): DnsEndpoint {
    const { uid, resourceVersion } = found?.metadata ?? {};
    const labels = { [LABELS.managedBy]: PROGRAM, [LABELS.follower]: this.#follower };
    return {
      apiVersion: `${DNS_ENDPOINTS.group}/${DNS_ENDPOINTS.version}`,
      kind: DNS_ENDPOINTS.kind,
      metadata: {
        ...this.#key(zone),
        labels,
        ...(uid !== undefined && { uid }),
        ...(resourceVersion !== undefined && { resourceVersion }),
      },
      spec: { endpoints },
    };
  }
}

/** Rejects with a DnsError, or with the reason of `abort`. */
function dnsErrors<T>(abort: AbortSignal, call: Promise<T>): Promise<T> {
  return call.catch((error: unknown) => {
    abort.throwIfAborted();
    throw apiError(error);
  });
}

function edited(endpoints: readonly Endpoint[], edits: readonly Edit[]): readonly Endpoint[] {
  const gone = new Set(edits.flatMap(({ before }) => before));
  const added = edits.flatMap(({ after }) => (after === undefined ? [] : [after]));
  return [...endpoints.filter((endpoint) => !gone.has(endpoint)), ...added];
}
