/** The Prometheus metrics. docs/metrics.md is generated from this table. */
import type { Gauge } from 'prom-client';
import { createInstruments, type Instruments, metricsTable, PROCESS_METRICS } from '../runtime/metrics.ts';

const { counter, gauge, histogram } = metricsTable('kube_site_follower_');

const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const FOLLOW_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export const METRICS = {
  buildInfo: gauge('build_info', 'Always 1; the labels have the version and the Node version.', [
    'version',
    'node',
  ]),

  leader: gauge('leader', '1 while this replica leads, else 0.'),
  leaderTransitions: counter('leader_transitions_total', 'How often this replica became the leader.'),

  phase: gauge('phase', '1 for the phase that the status has, 0 for the others.', ['follower', 'phase']),
  activeSite: gauge('active_site', '1 for the active site, 0 for the others.', ['follower', 'site']),
  epoch: gauge('epoch', 'The epoch of the status: +1 for each change of the active site.', ['follower']),
  held: gauge('held', '1 for the reason why the last site is held, 0 for the others.', [
    'follower',
    'reason',
  ]),

  passes: counter('passes_total', 'Passes of the loop by their outcome: ok or failed.', [
    'follower',
    'outcome',
  ]),
  passDuration: histogram('pass_duration_seconds', 'Duration of a pass of the loop.', CALL_SECONDS, [
    'follower',
  ]),
  lastPass: gauge(
    'last_pass_timestamp_seconds',
    'When the last pass without an error ended; before the first, when this replica began to lead.',
    ['follower'],
  ),
  followDuration: histogram(
    'primary_move_to_status_seconds',
    'From the move of the primary, as its operator dates it, to the written status.',
    FOLLOW_SECONDS,
    ['follower'],
  ),
  statusWrites: counter(
    'status_writes_total',
    'Writes of the status ConfigMap by their outcome: written, conflict or failed.',
    ['follower', 'outcome'],
  ),

  signalApplications: counter(
    'signal_applications_total',
    'Applications of a signal by their outcome: applied or failed.',
    ['follower', 'signal', 'outcome'],
  ),
  signalFailures: gauge(
    'signal_failures',
    'How often in a row a signal has failed; 0 when it is not backing off.',
    ['follower', 'signal'],
  ),
  signalBehindSince: gauge(
    'signal_behind_since_timestamp_seconds',
    'Since when a signal has not brought the world in line with the state; 0 when it has.',
    ['follower', 'signal'],
  ),

  dnsRecords: gauge(
    'dns_records',
    'Records by their progress: wanted, accepted by the provider, seen at the authoritative servers.',
    ['follower', 'provider', 'zone', 'progress'],
  ),
  dnsFailures: counter(
    'dns_failures_total',
    'Failures of the DNS provider by its own code, or by their kind where it gives none.',
    ['follower', 'provider', 'zone', 'code'],
  ),

  notifications: counter(
    'notifications_total',
    'Attempts to send a notification by their outcome: delivered, failed or given-up.',
    ['follower', 'target', 'outcome'],
  ),
  notificationsWaiting: gauge('notifications_waiting', 'Notifications that wait to be delivered.', [
    'follower',
    'target',
  ]),
  notificationsDropped: gauge(
    'notifications_dropped',
    'Notifications that made room for newer ones while the target could not be reached.',
    ['follower', 'target'],
  ),

  kubeCalls: counter(
    'kube_api_calls_total',
    'Calls of the Kubernetes API by HTTP status; 0 when no answer came.',
    ['verb', 'resource', 'status'],
  ),
  kubeCallDuration: histogram(
    'kube_api_call_duration_seconds',
    'Duration of calls of the Kubernetes API; of a watch, until it is established.',
    CALL_SECONDS,
    ['verb'],
  ),
  reflectorLists: counter('reflector_lists_total', 'Complete lists that watches were begun from.', [
    'resource',
  ]),
  reflectorMissed: counter(
    'reflector_missed_changes_total',
    'Changes that a list showed and the watch before it had missed.',
    ['resource'],
  ),
  reflectorProblems: counter(
    'reflector_problems_total',
    'Troubles of watches: list, watch, expired, silent or handler.',
    ['resource', 'kind'],
  ),
  eventsDropped: counter('events_dropped_total', 'Kubernetes Events that could not be written.'),

  copies: gauge('status_copies', 'Copies of the status ConfigMap in other namespaces: wanted and present.', [
    'follower',
    'progress',
  ]),
  followedServices: gauge(
    'followed_services',
    'Services that follow, by what they do: waiting (for the labels of their pods), routed, empty (routed, but the active site has no ready pod while another one has), any-site.',
    ['follower', 'state'],
  ),
  routingFailures: counter(
    'routing_failures_total',
    'Writes that failed and are retried, by kind: service, pod (its label) or condition.',
    ['follower', 'kind'],
  ),
  preferredPrimary: counter(
    'preferred_primary_total',
    'Moves of the primary to its preferred node by their outcome.',
    ['follower', 'outcome'],
  ),

  ...PROCESS_METRICS,
};

export type Metrics = Instruments<typeof METRICS>;

/** Fresh instruments with a registry of their own, so that several controllers can run in one process. */
export function createMetrics(version: string): Metrics {
  return createInstruments(METRICS, version);
}

/** Sets `label` of `gauge` to 1 for `chosen` and to 0 for the rest of `all`. */
export function showOneOf<L extends string>(
  gauge: Gauge<L>,
  labels: Readonly<Partial<Record<L, string>>>,
  label: L,
  all: readonly string[],
  chosen: string | undefined,
): void {
  for (const value of all) gauge.set({ ...labels, [label]: value }, value === chosen ? 1 : 0);
}
