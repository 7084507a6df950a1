/** The Secret that the chart makes without content, and the webhook fills in: what deployment tools leave of that. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stringify } from 'yaml';
import { isNotFound } from '../../kubernetes/errors.ts';
import { NAMESPACES, SECRETS } from '../../kubernetes/resources.ts';
import { run } from '../support/binaries/command.ts';
import { chartUnderTest, NAMESPACE, only, RELEASE, SITES } from '../support/chart/render.ts';
import { ownControlPlane } from '../support/shared-control-plane.ts';
import { findTools } from '../support/tools.ts';

const plane = await ownControlPlane();
const { api } = plane;
const chart = await chartUnderTest();
const KEY = { namespace: NAMESPACE, name: `${RELEASE}-webhook-tls` };
const CONTENT = { 'tls.key': Buffer.from('made at run time').toString('base64') };
for (const name of [NAMESPACE, 'postgres']) await api.create(NAMESPACES, { metadata: { name } });

async function fill(): Promise<void> {
  const secret = await api.get(SECRETS, KEY);
  assert.deepEqual(secret.data ?? {}, {});
  await api.replace(SECRETS, { ...secret, data: CONTENT });
}

const content = async () => (await api.get(SECRETS, KEY)).data;

test('Helm keeps what the webhook has put into it, and takes it away with the release', async (t) => {
  const folder = await valuesFolder(t);
  const helm = (command: string, ...args: readonly string[]) =>
    chart.run([command, RELEASE, ...args, '--namespace', NAMESPACE, '--no-hooks'], {
      KUBECONFIG: plane.kubeconfig,
    });
  const values = async (logLevel: string) => {
    const file = join(folder, `${logLevel}.json`);
    await writeFile(file, JSON.stringify({ ...SITES, logLevel }));
    return ['-f', file];
  };
  await helm('install', chart.path, ...(await values('info')));
  await fill();
  await helm('upgrade', chart.path, ...(await values('debug')));
  assert.deepEqual(await content(), CONTENT);
  await helm('rollback', '1');
  assert.deepEqual(await content(), CONTENT);
  await helm('uninstall');
  await assert.rejects(content(), isNotFound);
});

for (const how of [[], ['--server-side', '--force-conflicts', '--field-manager=deployer']]) {
  test(`kubectl apply ${how.join(' ')} keeps it as well`, async (t) => {
    const folder = await valuesFolder(t);
    const { kubectl } = await findTools();
    const secret = only(await chart.render(), 'Secret', '-webhook-tls');
    const apply = async (labels: object) => {
      const file = join(folder, 'secret.yaml');
      await writeFile(file, stringify({ ...secret, metadata: { ...secret.metadata, labels } }));
      const abort = AbortSignal.timeout(30_000);
      const env = { ...process.env, KUBECONFIG: plane.kubeconfig };
      await run(kubectl, ['apply', ...how, '-f', file], { abort, env });
    };
    await apply({ version: '1' });
    t.after(() => api.delete(SECRETS, KEY));
    await fill();
    await apply({ version: '2' });
    assert.deepEqual(await content(), CONTENT);
  });
}

async function valuesFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'secret-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}
