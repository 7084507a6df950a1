import { LABELS, PROGRAM } from '../../../contract/names.ts';
import type { KubeApi, KubeObject } from '../../../kubernetes/api.ts';
import { ignoreNotFound } from '../../../kubernetes/errors.ts';
import { listAll } from '../../../kubernetes/pages.ts';
import type { DnsProvider, WriteGuard } from '../../provider.ts';
import type { AuthoritativeLookup, RecordQuery, ServerAnswer } from '../../records/authoritative.ts';
import {
  type Edit,
  type Endpoint,
  editsOf,
  isProxied,
  nameOf,
  otherRecords,
  recordSets,
} from '../../records/endpoint.ts';
import { currentOf } from '../../records/record-sets.ts';
import { type Change, type Current, MAX_TTL, type ZoneQuery } from '../../records.ts';
import { DNS_ENDPOINTS, type DnsEndpoint } from './dns-endpoint.ts';
import { apiError, notOurs } from './errors.ts';
import { endpointObjectName } from './object-name.ts';

/** Reading one object is cheap, and deleting it deletes the records. */
const DRIFT_MS = 60_000;

/**
 * TTL of what is in another object than that of its zone. No desired set has it, so the record is written into the right one and taken
 * out of the other: of two objects ExternalDNS would follow the one that the record is from, with the site of that day.
 */
const OUT_OF_PLACE = MAX_TTL + 1;

/** Where the records of a zone are. */
interface Places {
  readonly own: DnsEndpoint | undefined;
  /** Other objects of this controller: of zones and followers that names may have been in before. */
  readonly others: readonly DnsEndpoint[];
}

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
  readonly #source: string;

  /** `namespace`: of the objects; `source`: that of the controller, as others may keep objects there too. */
  constructor(api: KubeApi, namespace: string, follower: string, source: string) {
    this.#api = api;
    this.#namespace = namespace;
    this.#follower = follower;
    this.#source = source;
  }

  async read({ zone, names, abort }: ZoneQuery): Promise<Current> {
    const places = await this.#places(zone, abort);
    const sets = recordSets([...outOfPlace(places.others).keys(), ...endpointsOf(places.own)]);
    return currentOf(sets, otherRecords(endpointsOf(places.own)), { names });
  }

  async apply(zone: string, changes: readonly Change[], guard: WriteGuard): Promise<void> {
    const { abort } = guard;
    const { own, others } = await this.#places(zone, abort);
    const moving = outOfPlace(others);
    const edits = editsOf([...moving.keys(), ...endpointsOf(own)], changes);
    const written = this.#object(zone, edited(endpointsOf(own), edits), own);
    await this.#write(written, own !== undefined, guard);
    // After the new place has it, so that the record is asked for all the time.
    const gone = new Set(edits.flatMap(({ before }) => before.flatMap((each) => moving.get(each) ?? [])));
    for (const other of others) {
      const left = endpointsOf(other).filter((endpoint) => !gone.has(endpoint));
      if (left.length < endpointsOf(other).length) await this.#write(withEndpoints(other, left), true, guard);
    }
  }

  async #write(object: DnsEndpoint, isThere: boolean, guard: WriteGuard): Promise<void> {
    const { abort } = guard;
    // Edits of our object are overwritten; an object that appeared meanwhile is not.
    const options = { type: 'apply', fieldManager: PROGRAM, force: isThere, abort } as const;
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

  async #places(zone: string, abort: AbortSignal): Promise<Places> {
    const { namespace, name } = this.#key(zone);
    const labelSelector = `${LABELS.managedBy}=${PROGRAM},${LABELS.source}=${this.#source}`;
    // No such kind: then the write fails.
    const listed = listAll(this.#api, DNS_ENDPOINTS, { namespace, labelSelector, abort }).catch(
      (error: unknown) => ignoreNotFound(error) ?? [],
    );
    const [own, all] = await Promise.all([this.#find(zone, abort), dnsErrors(abort, listed)]);
    return { own, others: all.filter(({ metadata }) => metadata.name !== name) };
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
    return { namespace: this.#namespace, name: endpointObjectName(this.#follower, zone) };
  }

  #object(zone: string, endpoints: readonly Endpoint[], found: DnsEndpoint | undefined): DnsEndpoint {
    const labels = {
      [LABELS.managedBy]: PROGRAM,
      [LABELS.follower]: this.#follower,
      [LABELS.source]: this.#source,
    };
    return withEndpoints({ metadata: { ...found?.metadata, ...this.#key(zone), labels } }, endpoints);
  }
}

/** To apply: what is left out of it, and was applied before, is removed. */
function withEndpoints({ metadata }: KubeObject, endpoints: readonly Endpoint[]): DnsEndpoint {
  const { name, namespace, uid, resourceVersion } = metadata;
  const own: readonly string[] = [LABELS.managedBy, LABELS.follower, LABELS.source];
  const labels = Object.entries(metadata.labels ?? {}).filter(([key]) => own.includes(key));
  return {
    apiVersion: `${DNS_ENDPOINTS.group}/${DNS_ENDPOINTS.version}`,
    kind: DNS_ENDPOINTS.kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      labels: Object.fromEntries(labels),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    spec: { endpoints },
  };
}

function endpointsOf(object: DnsEndpoint | undefined): readonly Endpoint[] {
  return object?.spec?.endpoints ?? [];
}

/** Their endpoints, marked, with what they are in their object. */
function outOfPlace(others: readonly DnsEndpoint[]): ReadonlyMap<Endpoint, Endpoint> {
  return new Map(
    others.flatMap(endpointsOf).map((endpoint) => [{ ...endpoint, recordTTL: OUT_OF_PLACE }, endpoint]),
  );
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
