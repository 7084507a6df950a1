import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packChart } from '../../scripts/release/chart.ts';
import { sha256 } from '../../scripts/release/layout.ts';
import { CHART } from '../support/chart/assemble.ts';
import { chartUnderTest } from '../support/chart/render.ts';

const chart = await chartUnderTest();
const IMAGE = {
  repository: 'registry.example.com:5000/team/kube-site-follower',
  digest: `sha256:${'0'.repeat(64)}`,
  changes: [{ title: 'Added', items: ['One.'] }],
  time: 1_700_000_000,
};
const SITE = ['--set', 'controller.sites.a.nodeName=node-1'];

let folder: string;
let file: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packed-'));
  file = join(folder, 'chart.tgz');
  await writeFile(file, (await packChart({ folder: chart.path, ...IMAGE })).archive);
});
after(() => rm(folder, { recursive: true }));

async function images(archive: string, ...args: string[]): Promise<readonly string[]> {
  const text = await chart.run(['template', 'x', archive, ...SITE, ...args]);
  return [...new Set(text.match(/(?<=image: ).*/g))];
}

/** Not the archives themselves: where they differ, an assertion takes 20 GB to show how. */
async function digestOf(chartFolder: string): Promise<string> {
  return sha256((await packChart({ folder: chartFolder, ...IMAGE })).archive);
}

test('the chart of a release pulls its own image by digest, unless another one or a tag is asked for', async () => {
  const other = `sha256:${'2'.repeat(64)}`;
  assert.deepEqual(await images(file), [`"${IMAGE.repository}@${IMAGE.digest}"`]);
  assert.deepEqual(await images(file, '--set', `image.digest=${other}`), [`"${IMAGE.repository}@${other}"`]);
  assert.deepEqual(await images(file, '--set', 'image.tag=dev'), [`"${IMAGE.repository}:dev"`]);
});

test('an upgrade that reuses the values of the chart before pulls the new image', async () => {
  const digest = `sha256:${'1'.repeat(64)}`;
  const next = join(folder, 'next.tgz');
  await writeFile(next, (await packChart({ folder: chart.path, ...IMAGE, digest })).archive);
  // What --reuse-values does: all values of the old chart go before those of the new one.
  const old = join(folder, 'old.yaml');
  await writeFile(old, await chart.run(['show', 'values', file]));
  assert.deepEqual(await images(next, '-f', old), [`"${IMAGE.repository}@${digest}"`]);
});

test('it brings the operator without a download, and tells what has changed', async () => {
  const text = await chart.run(['template', 'x', file, ...SITE, '--set', 'cloudnativepg.install=true']);
  assert.ok(text.includes('kube-site-follower/charts/cloudnativepg/templates'));
  const shown = await chart.run(['show', 'chart', file]);
  assert.match(shown, /artifacthub\.io\/changes: '\[\{"kind":"added","description":"One\."\}\]'/);
});

test('it is the same each time', async () => {
  assert.equal(await digestOf(chart.path), await digestOf(chart.path));
});

test('it is the same with what helm dependency update writes, which has the time of its run', async () => {
  const locked = join(folder, 'locked');
  await cp(chart.path, locked, { recursive: true });
  await writeFile(join(locked, 'Chart.lock'), 'generated: "2030-01-02T03:04:05.6Z"\n');
  assert.equal(await digestOf(locked), await digestOf(chart.path));
});

test('without the operator’s chart it is none', async () => {
  await assert.rejects(packChart({ folder: CHART, ...IMAGE }), /run helm dependency update/);
});

test('a Kubernetes that is too old is told so', async () => {
  await assert.rejects(
    chart.run(['template', 'x', file, ...SITE, '--kube-version', '1.28.3']),
    /chart requires kubeVersion: >=1\.29\.0-0 which is incompatible with Kubernetes v1\.28\.3/,
  );
});
