/** What the documentation says of rights, against the tables that the tests of the chart compare with its roles. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { STATUS_CONFIGMAP } from '../../contract/names.ts';
import { loadConfig } from '../../controller/config.ts';
import { rightsOf } from '../../controller/rights.ts';
import type { Permission } from '../../runtime/rights.ts';
import { code, table } from '../../scripts/markdown.ts';
import { webhookRights } from '../../webhook/rights.ts';

const NAMESPACE = 'site-follower';
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const webhook = webhookRights({
  namespace: NAMESPACE,
  configuration: 'kube-site-follower-webhook',
  makesCertificates: true,
  statuses: [STATUS_CONFIGMAP],
});

test('docs/certificates.md lists all rights of the webhook', () => {
  const rows = webhook.map(({ resource, name, namespace, verbs, reason }) => [
    code(resource),
    name === undefined ? (namespace === undefined ? 'everywhere' : 'its namespace') : code(name),
    verbs.join(', '),
    reason,
  ]);
  const expected = table(['what', 'which', 'may', 'what for'], rows);
  assert.ok(read('docs/certificates.md').includes(expected), expected);
});

/** The rows of the table, one text for each process. */
const rowsOf = (who: string) =>
  read('docs/security.md')
    .split('\n')
    .filter((line) => line.startsWith(`| ${who}`))
    .join('\n');

/** With all that the chart can switch on. */
function controllerRights(): readonly Permission[] {
  const sites = [{ name: 'us', nodeSelector: 'site=us' }];
  const loaded = loadConfig({ SITES: JSON.stringify(sites), NODE_LABEL: 'true' }, () => '');
  assert.ok(loaded.ok);
  const [follower] = loaded.value.followers;
  assert.ok(follower);
  return rightsOf(follower, { namespace: NAMESPACE, configMapName: STATUS_CONFIGMAP });
}

for (const [who, rights] of [
  ['controller', controllerRights()],
  ['webhook', webhook],
] as const) {
  for (const { resource, verbs } of rights.filter(({ namespace }) => namespace === undefined)) {
    test(`docs/security.md says that the ${who} may ${verbs.join(', ')} ${resource} everywhere`, () => {
      const said = [...rowsOf(who).matchAll(/([a-z, ]+) `([\w/]+)`/g)]
        .filter(([, , what]) => what === resource)
        .flatMap(([, how = '']) => how.split(/,| and /).map((verb) => verb.trim()));
      for (const verb of verbs) assert.ok(said.includes(verb), `${verb} is not among ${said.join(', ')}`);
    });
  }
}

test('docs/security.md has a row for each Job of the chart', () => {
  const files = ['postgres', 'uninstall', 'test'].map((name) =>
    read(`charts/kube-site-follower/templates/hooks/${name}.yaml`),
  );
  const jobs = files.flatMap((text) =>
    [...text.matchAll(/"name" "([\w-]+)" "hook"/g)].map(([, name]) => name),
  );
  assert.equal(jobs.length, 3);
  for (const job of jobs) assert.notEqual(rowsOf(`Job \`${job}\``), '', job);
});
