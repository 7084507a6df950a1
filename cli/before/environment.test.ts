import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeApi } from '../../kubernetes/api.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { COMPONENT } from '../cluster/chart.ts';
import { plannedEnvironment } from './environment.ts';
import { Planned } from './planned.ts';

const FOLDER = '/etc/site-follower-credentials/cloudflare';

/** A controller with a Secret of the cluster as variable and as files, and what of it is known beforehand. */
async function known(stored: Readonly<Record<string, string>>, items?: readonly object[]) {
  const container = {
    name: 'controller',
    env: [
      { name: 'CLOUDFLARE_API_TOKEN_FILE', value: `${FOLDER}/CLOUDFLARE_API_TOKEN` },
      { name: 'USER', valueFrom: { secretKeyRef: { name: 'mine', key: 'USER' } } },
    ],
    volumeMounts: [{ name: 'credentials', mountPath: FOLDER }],
  };
  const volumes = [
    { name: 'credentials', secret: { secretName: 'mine', ...(items && { items }) } },
    { name: 'config', configMap: { name: 'config' } },
  ];
  const planned = new Planned([
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'controller', labels: { [COMPONENT]: 'controller' } },
      spec: { template: { metadata: {}, spec: { containers: [container], volumes } } },
    },
  ]);
  const data = Object.fromEntries(
    Object.entries(stored).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
  const api: Partial<KubeApi> = {
    get: <T>() =>
      Object.keys(stored).length > 0
        ? Promise.resolve({ metadata: { name: 'mine' }, data } as T)
        : Promise.reject(new KubeError('no such Secret', { status: 404, reason: 'NotFound' })),
  };
  return await plannedEnvironment(planned, 'here', api as KubeApi);
}

test('a Secret that is mounted is read where the controller will find it', async () => {
  const stored = { CLOUDFLARE_API_TOKEN: 'the-token', USER: 'someone' };
  const { env, files } = await known(stored, [{ key: 'CLOUDFLARE_API_TOKEN', path: 'CLOUDFLARE_API_TOKEN' }]);
  assert.equal(env.USER, 'someone');
  assert.deepEqual(files, { [`${FOLDER}/CLOUDFLARE_API_TOKEN`]: 'the-token' });
  assert.deepEqual(Object.values((await known(stored)).files), ['the-token', 'someone']);
});

test('one that is not there yet has no files', async () => {
  const { env, files } = await known({}, [{ key: 'CLOUDFLARE_API_TOKEN', path: 'CLOUDFLARE_API_TOKEN' }]);
  assert.deepEqual([env.USER, files], [undefined, {}]);
});
