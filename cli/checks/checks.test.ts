import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KubeError } from '../../kubernetes/errors.ts';
import { FakeApi } from '../../kubernetes/testing/fake-api.ts';
import { assertCaptures } from '../testing/golden.ts';
import { NAMESPACE } from '../testing/scene.ts';
import { print } from '../text/line.ts';
import { type Check, problem, warning } from './check.ts';
import { CHECKS } from './registry.ts';
import { renderChecks } from './render.ts';
import { type CheckView, runChecks } from './run.ts';
import { World } from './world.ts';

const world = new World({
  api: new FakeApi(),
  clock: { now: () => 0, elapsed: () => 0, after: () => () => undefined },
  abort: new AbortController().signal,
  followers: [{ follower: 'default', namespace: NAMESPACE, configMap: '', status: undefined, report: {} }],
});

const refused = new KubeError('GET /api/v1/secrets failed with 403: you may not', {
  status: 403,
  reason: 'Forbidden',
});
const pods = Array.from({ length: 7 }, (_, index) =>
  problem(`Pod shop/web-${index}`, 'it asks for the sidecar and runs without', 'Delete it.'),
);
const ROWS: readonly Check[] = [
  {
    name: 'fine',
    title: 'the certificate of the webhook does not expire soon',
    find: async () => ({ findings: [], note: '68 days left' }),
  },
  {
    name: 'missed-pods',
    title: 'every pod that asks for the sidecar has it',
    find: async () => ({ findings: pods }),
  },
  {
    name: 'nodes',
    title: 'every node is in a site, and every site has its nodes',
    find: async () => ({
      findings: [
        warning(
          'Node node-ap-south-01',
          'it is in no site of follower default: pods on it never count as active, and a primary on it would be held',
          'Add it to a site in SITES, or give it the labels of a nodeSelector.',
        ),
      ],
    }),
  },
  {
    name: 'rights',
    title: 'the service accounts of controller and webhook have the permissions that they need',
    find: async () => ({ findings: [], skipped: `none of their pods is in namespace ${NAMESPACE}` }),
  },
  {
    name: 'forbidden',
    title: 'the API server trusts the certificate of the webhook',
    find: () => Promise.reject(refused),
  },
];

const run = (rows: readonly Check[]): Promise<CheckView> => runChecks(rows, world);

describe('the checks', () => {
  test('are told with what to do, at any width', async () => {
    const view = await run(ROWS);
    assertCaptures('check', (width) => renderChecks(view, width));
  });

  test('are counted, and what may not be looked at is no problem', async () => {
    const { problems, warnings, checks } = await run(ROWS);
    assert.deepEqual([problems, warnings], [7, 1]);
    assert.deepEqual(
      checks.map(({ outcome }) => outcome),
      ['ok', 'problem', 'warning', 'skipped', 'unknown'],
    );
    assert.equal(checks[4]?.note, refused.message);
  });

  test('show what is found in each namespace, however much there is in one', async () => {
    const found = [...Array.from({ length: 100 }, (_, index) => `Pod aaa/${index}`), 'Pod shop/web'];
    const findings = found.map((about) => problem(about, 'x', 'y'));
    const view = await run([{ name: 'x', title: 'x', find: async () => ({ findings }) }]);
    assert.match(print(renderChecks(view, 80), false), /Pod shop\/web: x/);
  });

  test('say so when all is well', async () => {
    const text = print(renderChecks(await run(ROWS.slice(0, 1)), 80), false);
    assert.match(text, /^✓ the certificate .* \(68 days left\)\n\nNo problems found\.\n$/);
  });

  test('show what others wrote harmlessly', async () => {
    const evil = problem('Pod \u001b[2J', '\u001b]0;x\u0007', '\u202e');
    const view = await run([{ name: 'x', title: 'x', find: async () => ({ findings: [evil] }) }]);
    assert.match(print(renderChecks(view, 80), false), /Pod \\x1b\[2J: \\x1b\]0;x\\x07\n +→ \\u202e/);
  });

  test('have names of their own, and titles without a full stop', () => {
    assert.equal(new Set(CHECKS.map(({ name }) => name)).size, CHECKS.length);
    for (const { title } of CHECKS) assert.doesNotMatch(title, /\.$/);
  });
});
