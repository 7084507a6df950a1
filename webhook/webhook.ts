import { closeServer, portOf } from '../http/server.ts';
import { listenAt } from '../http/serving.ts';
import { aborted } from '../runtime/clock.ts';
import {
  certificatesOf,
  prepareParts,
  readersServer,
  reviewerOf,
  runWatchdog,
  servedCertificateOf,
  serveReviews,
  type WebhookOptions,
} from './webhook-parts.ts';

const HTTP_DRAIN_MS = 1_000;

/** Serves until `abort` fires and all connections are closed. */
export async function runWebhook(options: WebhookOptions, abort: AbortSignal): Promise<void> {
  const { settings, clock, log } = options;
  const parts = prepareParts(options);
  const { events, sites, limits, callers } = parts;
  await callers?.load();
  const reviewer = reviewerOf(parts, () => served.configuration);
  // No handshake succeeds before there is a certificate to serve.
  const admission = await serveReviews(parts, reviewer, abort);
  const served = servedCertificateOf(parts, admission);
  const certificates = certificatesOf(parts, served);
  const http = readersServer(parts, admission, served, abort);
  await listenAt(http, settings.httpPort, 'HTTP_PORT');
  log.info({ port: admission.port, httpPort: portOf(http) }, 'serving');
  await Promise.all([
    certificates.run(abort),
    sites.run(abort),
    limits.run(abort),
    callers?.follow(clock, log, abort),
    runWatchdog(parts, abort),
    admission.closed,
    aborted(abort),
  ]);
  reviewer.stop();
  // Served until here, so that the kubelet sees that it is not ready.
  await closeServer(http, clock, HTTP_DRAIN_MS);
  await events.flush();
}
