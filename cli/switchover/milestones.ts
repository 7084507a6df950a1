import { type Cluster, HEALTHY } from '../../cnpg/cluster.ts';
import { roleInTopology } from '../../cnpg/topology.ts';
import type { Status } from '../../contract/status.ts';
import { namespaced } from '../../kubernetes/resources.ts';
import { flag, list, listed, object, shape, text } from '../cluster/kept.ts';
import { type DnsView, isStuck, sameValues, troublesOf } from '../status/dns.ts';
import { counted } from '../text/counted.ts';
import { someOf } from '../text/some.ts';

/** The API server takes no more in one. */
const MOST_ENDPOINTS = 1_000;

export const ENDPOINT_SLICES = listed(
  namespaced('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice'),
  object({
    endpoints: list(
      MOST_ENDPOINTS,
      shape({
        conditions: shape({ ready: flag }),
        nodeName: text,
        targetRef: shape({ kind: text, name: text, namespace: text }),
      }),
    ),
  }),
);
export type EndpointSlice = ReturnType<typeof ENDPOINT_SLICES.keep>;

export const SERVICE_NAME = 'kubernetes.io/service-name';

/** What is observed while the primary moves. */
export interface Scene {
  readonly target: string;
  readonly site: string;
  readonly cluster: Cluster | undefined;
  readonly status: Status | undefined;
  readonly dns: readonly DnsView[];
  /** The records before the move, as the report follows the status a moment later. */
  readonly dnsBefore: readonly DnsView[];
  readonly slices: readonly EndpointSlice[];
  /** The Services that follow, each `namespace/name`. */
  readonly services: readonly string[];
}

export interface Milestone {
  readonly name:
    | 'promoted'
    | 'status'
    | 'dns'
    | 'routed'
    | 'healthy'
    // The following are for two Clusters of a topology.
    | 'demotion'
    | 'standby'
    | 'token'
    | 'promotion'
    | 'writable'
    | 'replica';
  readonly text: string;
  /** Undefined when it is reached, else what it waits for. */
  readonly missing: string | undefined;
  /** It does not come by itself; `missing` says what to do. */
  readonly isStuck?: boolean;
}

/** In the order in which they are mostly reached; without those that do not apply. */
export function milestonesOf(scene: Scene): Milestone[] {
  const { target, site, cluster, status, dns, dnsBefore, services } = scene;
  const { currentPrimary = '', phase = '' } = cluster?.status ?? {};
  const isInTopology = cluster?.spec?.replica !== undefined;
  const isPrimary =
    currentPrimary === target && (!isInTopology || roleInTopology(cluster).kind === 'primary');
  const isActive = status?.activeSite === site && status.primary === target;
  const behind = dns.filter((record) => !isThrough(record, dnsBefore, status?.since ?? ''));
  const astray = services.filter((service) => !isRouted(scene, service));
  return [
    {
      name: 'promoted',
      text: `${target} is the primary`,
      missing: isPrimary ? undefined : `${currentPrimary} is still the primary (${phase})`,
    },
    {
      name: 'status',
      text: `the status says ${site}`,
      missing: isActive ? undefined : `the status says ${status?.activeSite ?? 'nothing'}`,
    },
    ...(services.length === 0
      ? []
      : [
          {
            name: 'routed' as const,
            text: `${services.length === 1 ? `Service ${services[0]} routes` : `${services.length} Services route`} to ${site} alone`,
            missing: astray.length === 0 ? undefined : `still elsewhere: ${someOf(astray, 3)}`,
          },
        ]),
    ...(dns.length === 0
      ? []
      : [
          {
            name: 'dns' as const,
            text: `the DNS provider has accepted ${counted(dns.length, 'record')}`,
            // Until the status changes, the records are right for the former site.
            missing: !isActive ? 'waits for the status' : behind.length === 0 ? undefined : describe(behind),
            isStuck: isActive && behind.length > 0 && behind.every(isStuck),
          },
        ]),
    {
      name: 'healthy',
      text: 'the operator reports the Cluster healthy, with all its instances',
      missing: isPrimary ? ailment(cluster, target) : 'it has not moved yet',
    },
  ];
}

/**
 * Why the Cluster is not healthy yet. Right after the promotion its status is still from before, when it was healthy: it
 * counts once the operator has seen the new primary.
 */
function ailment(cluster: Cluster | undefined, primary: string): string | undefined {
  const { phase = '', readyInstances = 0, instancesReportedState = {} } = cluster?.status ?? {};
  const instances = cluster?.spec?.instances ?? 0;
  if (phase !== HEALTHY) return `its phase is "${phase}"`;
  if (instancesReportedState[primary]?.isPrimary !== true)
    return 'the operator has not seen its new primary yet';
  if (readyInstances < instances) return `${readyInstances} of ${instances} instances are ready`;
  return undefined;
}

/** The provider has accepted it, and for the new site. */
function isThrough(
  { name, type, state, wanted, accepted }: DnsView,
  before: readonly DnsView[],
  since: string,
): boolean {
  if (state !== 'accepted' && state !== 'seen') return false;
  const old = before.find((record) => record.name === name && record.type === type);
  return !sameValues(wanted, old?.wanted) || Date.parse(accepted?.at ?? '') >= Date.parse(since);
}

function describe(behind: readonly DnsView[]): string {
  const waiting = behind
    .filter(({ error }) => error === undefined)
    .map(({ name, type }) => `${name} ${type}`);
  return [...(waiting.length === 0 ? [] : [waiting.join(', ')]), ...troublesOf(behind)].join('; ');
}

/** No endpoint outside of the site takes traffic, and one inside does, if there is any. */
function isRouted({ slices, status, site }: Scene, service: string): boolean {
  const nodes = status?.sites[site] ?? [];
  const endpoints = slices
    .filter((slice) => serviceOf(slice) === service)
    .flatMap((slice) => slice.endpoints ?? []);
  const inside = endpoints.filter(({ nodeName }) => nodes.includes(nodeName ?? ''));
  // Absent means ready (discovery/v1).
  const isReady = ({ conditions }: (typeof endpoints)[number]) => conditions?.ready !== false;
  const outside = endpoints.some((endpoint) => !inside.includes(endpoint) && isReady(endpoint));
  return !outside && (inside.length === 0 || inside.some(isReady));
}

export function serviceOf({ metadata }: EndpointSlice): string {
  return `${metadata.namespace ?? ''}/${metadata.labels?.[SERVICE_NAME] ?? ''}`;
}

/** The Services with one of these pods as an endpoint, each `namespace/name`. */
export function servicesOf(slices: readonly EndpointSlice[], pods: ReadonlySet<string>): string[] {
  const found = slices.filter(({ metadata, endpoints }) =>
    endpoints?.some(
      ({ targetRef }) => targetRef?.kind === 'Pod' && pods.has(`${metadata.namespace}/${targetRef.name}`),
    ),
  );
  return [
    ...new Set(found.filter(({ metadata }) => metadata.labels?.[SERVICE_NAME] !== undefined).map(serviceOf)),
  ].toSorted();
}
