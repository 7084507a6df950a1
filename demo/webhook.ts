import { MUTATING_WEBHOOK_CONFIGURATIONS } from '../kubernetes/resources.ts';
import { WEBHOOK_NODE_FLAGS } from '../scripts/node-flags.ts';
import type { ControlPlane } from '../test/support/control-plane.ts';
import { freePort } from '../test/support/ports.ts';
import { startProcess } from '../test/support/process.ts';
import { WEBHOOK_BUNDLE } from '../test/support/webhook-process.ts';
import { REVIEW_PATH, webhookConfiguration } from '../webhook/webhook-configuration.ts';

const START_LIMIT_MS = 30_000;

/** Resolves when the API server can call it. Ends with `ends`. */
export async function startWebhook(
  plane: ControlPlane,
  namespace: string,
  ends: AsyncDisposableStack,
): Promise<void> {
  const port = await freePort();
  const client = { url: `https://127.0.0.1:${port}${REVIEW_PATH}` };
  await plane.api.create(MUTATING_WEBHOOK_CONFIGURATIONS, webhookConfiguration({ namespace, client }));
  const child = await startProcess('webhook', [process.execPath, ...WEBHOOK_NODE_FLAGS, WEBHOOK_BUNDLE], {
    env: {
      KUBECONFIG: plane.kubeconfig,
      POD_NAMESPACE: namespace,
      WEBHOOK_PORT: String(port),
      WEBHOOK_NAMES: '127.0.0.1',
      HTTP_PORT: '0',
      LINGER_SECONDS: '0',
    },
  });
  ends.defer(async () => void (await child.stop()));
  const { httpPort } = await child.waitForLog(({ msg }) => msg === 'serving', START_LIMIT_MS);
  await child.waitForHttp(`http://127.0.0.1:${Number(httpPort)}/readyz`, START_LIMIT_MS);
}
