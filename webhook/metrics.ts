/** The Prometheus metrics of the webhook. docs/metrics.md is generated from this table. */
import { createInstruments, type Instruments, metricsTable, PROCESS_METRICS } from '../runtime/metrics.ts';

const { counter, gauge, histogram } = metricsTable('kube_site_follower_webhook_');

export const METRICS = {
  buildInfo: gauge('build_info', 'Always 1; the labels have the version and the Node version.', [
    'version',
    'node',
  ]),

  reviews: counter('reviews_total', 'Reviews by kind of object and by outcome.', ['kind', 'outcome']),
  skips: counter('skips_total', 'Pods that asked for the sidecar and did not get it, by reason.', ['reason']),
  refusedRequests: counter('refused_requests_total', 'Requests that were no reviews, by HTTP status.', [
    'status',
  ]),
  reviewDuration: histogram(
    'review_duration_seconds',
    'Duration of the decision about a review, without network and parsing.',
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  ),
  connections: gauge('connections', 'Open TLS connections.'),

  ready: gauge('ready', '1 while the API server can call this replica, else 0.'),
  certificateExpiry: gauge(
    'certificate_expiry_timestamp_seconds',
    'When the certificate that is served ends.',
  ),
  certificateSteps: counter(
    'certificate_steps_total',
    'What this replica has done to the certificates: create, restore, renew-leaf, announce-authority, switch-authority, retire-previous, publish-bundle.',
    ['step'],
  ),

  leader: gauge('leader', '1 while this replica looks for pods without their sidecar, else 0.'),
  podsMissed: gauge('pods_missed', 'Running pods that ask for the sidecar and do not have it.'),
  lastSweep: gauge('last_sweep_timestamp_seconds', 'When all pods were last checked.'),

  eventsDropped: counter('events_dropped_total', 'Kubernetes Events that could not be written.'),
  kubeCalls: counter(
    'kube_api_calls_total',
    'Calls of the Kubernetes API by HTTP status; 0 when no answer came.',
    ['verb', 'resource', 'status'],
  ),
  ...PROCESS_METRICS,
};

export type Metrics = Instruments<typeof METRICS>;

export function createMetrics(version: string): Metrics {
  return createInstruments(METRICS, version);
}
