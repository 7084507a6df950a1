import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Pool } from 'undici';
import { PODS } from '../../kubernetes/resources.ts';
import { askingPod, isInjected } from '../support/pod-stream.ts';
import { API_SERVER, sharedControlPlane } from '../support/shared-control-plane.ts';
import { createWebhookScene } from '../support/webhook-process.ts';

const plane = await sharedControlPlane();

describe('a webhook that knows the API server by its certificate', () => {
  test('serves it, and nobody else', async (t) => {
    const file = join(plane.folder, 'webhook-clients.crt');
    await writeFile(file, plane.authority.certificate);
    const env = { WEBHOOK_CLIENT_CA_FILE: file, WEBHOOK_CLIENT_NAMES: API_SERVER };
    const scene = await createWebhookScene(t, plane, { env });
    const [replica] = await scene.start(1);
    assert.ok(replica);
    await scene.ready(1);
    assert.ok(isInjected(await plane.api.create(PODS, askingPod(scene.pods))));

    const [entry] = (await scene.stored()).webhooks ?? [];
    const ca = Buffer.from(entry?.clientConfig.caBundle ?? '', 'base64').toString();
    const call = async (identity: { readonly cert?: string; readonly key?: string }) => {
      const connect = { ca, ...identity };
      const pool = new Pool(`https://127.0.0.1:${replica.port}`, { connections: 1, connect });
      t.after(() => pool.destroy());
      const headers = { 'content-type': 'application/json' };
      const answer = await pool.request({ path: '/mutate', method: 'POST', headers, body: '{}' });
      return { status: answer.statusCode, text: await answer.body.text() };
    };
    await assert.rejects(call({}), /certificate required|closed|ECONNRESET/);
    const { certificate: cert, key } = await plane.authority.issue({ name: 'some-pod' });
    const refused = await call({ cert, key });
    assert.equal(refused.status, 403);
    assert.match(refused.text, /"some-pod", which is none of WEBHOOK_CLIENT_NAMES/);
    assert.ok(isInjected(await plane.api.create(PODS, askingPod(scene.pods))));
  });

  test('refuses also an API server that shows another name, and pods wait as for any webhook that is away', async (t) => {
    const file = join(plane.folder, 'webhook-clients.crt');
    await writeFile(file, plane.authority.certificate);
    const env = { WEBHOOK_CLIENT_CA_FILE: file, WEBHOOK_CLIENT_NAMES: 'another' };
    const scene = await createWebhookScene(t, plane, { env });
    await scene.start(1);
    await scene.ready(1);
    await assert.rejects(plane.api.create(PODS, askingPod(scene.pods)), /"api-server", which is none of/);
  });
});
