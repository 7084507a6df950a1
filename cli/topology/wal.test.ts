import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Cluster } from '../../cnpg/cluster.ts';
import { connect } from '../../kubernetes/client.ts';
import { loadKube } from '../../kubernetes/kube-config.ts';
import { systemClock } from '../../runtime/clock.ts';
import { FakeApiServer } from '../../test/support/fake-api-server.ts';
import { askWal, describeLag, lagBetween } from './wal.ts';

const CLUSTER: Cluster = { metadata: { namespace: 'pg', name: 'pg' }, status: { currentPrimary: 'pg-1' } };

async function serve(t: TestContext) {
  const server = await FakeApiServer.start();
  const folder = await mkdtemp(join(tmpdir(), 'wal-test-'));
  const file = join(folder, 'kubeconfig');
  await writeFile(file, server.kubeconfig);
  const api = connect({ kubeConfig: loadKube({ KUBECONFIG: file }).kubeConfig, clock: systemClock });
  t.after(async () => {
    await api.close();
    await server.stop();
    await rm(folder, { recursive: true });
  });
  return { server, ask: () => askWal(api, CLUSTER) };
}

test('an instance is asked by the API server, with TLS and then without', async (t) => {
  const { server, ask } = await serve(t);
  const paths = ['https', 'http'].map(
    (scheme) => `/api/v1/namespaces/pg/pods/${scheme}:pg-1:8000/proxy/pg/status`,
  );
  server.reply = () => ({ status: 403, json: { kind: 'Status', code: 403, reason: 'Forbidden' } });
  assert.equal(await ask(), undefined, 'it may not be asked');
  assert.deepEqual(
    server.requests.map(({ path }) => decodeURIComponent(path)),
    paths,
  );
  const status = { receivedLsn: '0/5000000', replayLsn: '0/4000000', isWalReceiverActive: true };
  server.reply = () => ({ json: status });
  assert.deepEqual(await ask(), {
    current: '',
    received: '0/5000000',
    replayed: '0/4000000',
    isReceiving: true,
  });
});

test('the lag is the WAL between the two', () => {
  const primary = { current: '1/0', received: '', replayed: '', isReceiving: false };
  const replica = { current: '', received: '0/FF000000', replayed: '0/FE000000', isReceiving: false };
  const lag = lagBetween(primary, replica);
  assert.equal(lag?.bytes, 0x2000000n);
  assert.equal(describeLag(lag), 'it is 32.0 MiB behind, and it does not stream');
  assert.equal(lagBetween(undefined, replica), undefined);
});
