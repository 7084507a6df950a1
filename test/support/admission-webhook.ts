import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  type MutatingWebhookConfiguration,
} from '../../kubernetes/resources.ts';
import { systemClock as clock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log.ts';
import { startAdmissionServer } from '../../webhook/server.ts';
import { type Reviewed, reviewerBy } from '../../webhook/testing/reviewer.ts';
import { REVIEW_PATH } from '../../webhook/webhook-configuration.ts';
import type { ControlPlaneAccess } from './control-plane-access.ts';

/** Lets the object of a review in, changed by this patch. */
export function patched(body: unknown, patch: readonly object[]): Reviewed {
  const { request } = body as { readonly request: { readonly uid: string } };
  const encoded = Buffer.from(JSON.stringify(patch)).toString('base64');
  const response = { uid: request.uid, allowed: true, patchType: 'JSONPatch', patch: encoded };
  return {
    kind: 'answered',
    answer: { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response },
  };
}

export interface AdmissionWebhook {
  /** The reviews so far. */
  readonly calls: number;
  /** Takes the configuration away and ends the server. */
  stop(): Promise<void>;
}

/** The real admission server with a review of the test's own, and the configuration that makes the API server call it. */
export async function startAdmissionWebhook(
  plane: ControlPlaneAccess,
  review: (body: unknown) => Reviewed,
  configuration: (client: { readonly url: string }) => MutatingWebhookConfiguration,
): Promise<AdmissionWebhook> {
  const stop = new AbortController();
  let calls = 0;
  const server = await startAdmissionServer(
    {
      port: 0,
      path: REVIEW_PATH,
      reviewer: reviewerBy((body) => {
        calls += 1;
        return review(body);
      }),
      clock,
      log: createLog({ level: 'silent' }),
      lingerMs: 0,
      onAnswer() {},
      onRefused() {},
    },
    stop.signal,
  );
  server.use(await plane.authority.issue({ name: 'webhook', ips: ['127.0.0.1'] }));
  const made = configuration({ url: `https://127.0.0.1:${server.port}${REVIEW_PATH}` });
  const caBundle = Buffer.from(plane.authority.certificate).toString('base64');
  const webhooks = made.webhooks?.map((entry) => ({
    ...entry,
    clientConfig: { ...entry.clientConfig, caBundle },
  }));
  await plane.api.create(MUTATING_WEBHOOK_CONFIGURATIONS, { ...made, ...(webhooks && { webhooks }) });
  return {
    get calls() {
      return calls;
    },
    async stop() {
      await plane.api.delete(MUTATING_WEBHOOK_CONFIGURATIONS, made.metadata);
      stop.abort();
      await server.closed;
    },
  };
}
