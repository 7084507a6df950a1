/**
 * The chart as GitOps tools apply it: rendered without a cluster, in any order, again and again. Flux and, with ServerSideDiff, Argo CD
 * compare what a dry run of the same apply would give with what is there; otherwise Argo CD compares field by field what was
 * rendered. Neither may find a difference, whatever controllers and our webhook have written meanwhile.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { discover, kindOf } from '../../cli/before/apis.ts';
import { minorOf } from '../../cli/before/version.ts';
import { DEPLOYMENTS } from '../../cli/cluster/workloads.ts';
import type { KubeObject, Resource } from '../../kubernetes/api.ts';
import { MUTATING_WEBHOOK_CONFIGURATIONS } from '../../kubernetes/resources.ts';
import { bundlePatch } from '../../webhook/certificates/ca-bundle.ts';
import { chartUnderTest, type Manifest, RELEASE } from '../support/chart/render.ts';
import { startControlPlane } from '../support/control-plane.ts';
import { SeededRandom } from '../support/random.ts';
import { type RawAnswer, send } from '../support/raw-api.ts';
import { ensureNamespace } from '../support/seed.ts';
import { until } from '../support/until.ts';

const NAMESPACE = 'kube-site-follower';
const LINE = {
  cloudnativepg: { install: true },
  controller: {
    sites: {
      'us-east': { nodeName: 'node-us-east-01', ip: '1.2.3.4' },
      'eu-west': { nodeName: 'node-eu-west-01', ip: '5.6.7.8' },
    },
    dns: {
      provider: 'namecheap',
      records: ['demo1.example.com'],
      namecheap: { apiUser: 'YOUR_USER', apiKey: 'YOUR_KEY' },
    },
  },
};
const MORE = { admissionPolicy: { enabled: true }, networkPolicy: { enabled: true } };

const plane = await startControlPlane({ controllers: true });
after(() => plane.stop());
const { api } = plane;
const chart = await chartUnderTest();
const { gitVersion } = (await api.read('/version')) as { readonly gitVersion: string };
const policies = minorOf(gitVersion) >= 36 ? { webhook: { mode: 'both' } } : {};

let objects: readonly Manifest[];
let kinds: ReadonlyMap<string, Resource | undefined>;
before(async () => {
  await ensureNamespace(plane, NAMESPACE);
  const args = ['--namespace', NAMESPACE, '--kube-version', gitVersion];
  const rendered = await chart.render({ values: { ...LINE, ...MORE, ...policies }, args });
  objects = rendered.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === undefined);
  kinds = await discover({ objects } as Parameters<typeof discover>[0], (...call) => api.read(...call));
});

function resourceOf(object: Manifest): Resource {
  const found = kinds.get(kindOf(object));
  assert.ok(found, kindOf(object));
  return found;
}

function apply(object: Manifest, dryRun = false): Promise<RawAnswer> {
  const { group, version, plural, namespaced } = resourceOf(object);
  const { name, namespace } = object.metadata;
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const place = namespaced ? `/namespaces/${namespace}` : '';
  const query = `fieldManager=gitops&force=true${dryRun ? '&dryRun=All' : ''}`;
  const path = `${base}${place}/${plural}/${name}?${query}`;
  return send(plane, 'PATCH', path, object, 'application/apply-patch+yaml');
}

/** In an order by chance; what another object has to be there for is tried again after it. */
async function applyAll(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const order = new Map(objects.map((object) => [object, random.next()]));
  let left = objects.toSorted((one, other) => (order.get(one) ?? 0) - (order.get(other) ?? 0));
  while (left.length > 0) {
    const failed: { readonly object: Manifest; readonly why: string | undefined }[] = [];
    for (const object of left) {
      const { status, body } = await apply(object);
      if (status >= 300) failed.push({ object, why: body.message });
    }
    assert.ok(failed.length < left.length, JSON.stringify(failed.map(({ why }) => why)));
    left = failed.map(({ object }) => object);
  }
}

async function liveOf(object: Manifest): Promise<KubeObject> {
  return api.get(resourceOf(object), object.metadata);
}

/** The paths at which what is there has not what was rendered, which a comparison field by field would show for ever. */
function differences(wanted: unknown, live: unknown, path: string): readonly string[] {
  if (Array.isArray(wanted) && Array.isArray(live) && wanted.length === live.length)
    return wanted.flatMap((item, index) => differences(item, live[index], `${path}[${index}]`));
  if (isRecord(wanted) && isRecord(live))
    return Object.entries(wanted).flatMap(([key, value]) => differences(value, live[key], `${path}.${key}`));
  return isDeepStrictEqual(wanted, live)
    ? []
    : [`${path}: ${JSON.stringify(wanted)} is ${JSON.stringify(live)}`];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without what each write changes, and what is not applied. */
function compared(object: object): object {
  const { metadata, status: _status, ...rest } = object as KubeObject & { readonly status?: unknown };
  const { managedFields: _fields, resourceVersion: _version, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

const nameOf = (object: Manifest) => `${object.kind} ${object.metadata.name}`;

async function nothingDiffers(): Promise<void> {
  const found: string[] = [];
  for (const object of objects) {
    const live = await liveOf(object);
    found.push(...differences(object, { ...object, ...live }, nameOf(object)));
    const { body } = await apply(object, true);
    found.push(
      ...differences(
        compared(body),
        compared({ ...live, apiVersion: object.apiVersion, kind: object.kind }),
        `${nameOf(object)} by a dry run`,
      ),
    );
  }
  assert.deepEqual(found, []);
}

describe('the line of an installation, as GitOps tools apply it', () => {
  test('settles in any order', { timeout: 120_000 }, async () => {
    await applyAll(1);
    await until(
      'there are pods of the controller',
      async () => {
        const key = { namespace: NAMESPACE, name: `${RELEASE}-controller` };
        const { status } = await api.get(DEPLOYMENTS, key);
        return (status?.replicas ?? 0) > 0 || undefined;
      },
      { timeoutMs: 60_000 },
    );
    await nothingDiffers();
    await applyAll(2);
    await nothingDiffers();
  });

  test('leaves what the webhook writes, and is left alone by it', { timeout: 120_000 }, async () => {
    const name = `${RELEASE}-webhook`;
    const found = await api.get(MUTATING_WEBHOOK_CONFIGURATIONS, { name });
    const patch = bundlePatch(found, [plane.authority.certificate]) ?? [];
    await api.patch(MUTATING_WEBHOOK_CONFIGURATIONS, { name }, patch, { type: 'json' });
    await applyAll(3);
    const applied = await api.get(MUTATING_WEBHOOK_CONFIGURATIONS, { name });
    assert.equal(bundlePatch(applied, [plane.authority.certificate]), undefined);
    await nothingDiffers();
  });

  test('takes a key out of a Secret that the values have no more', async () => {
    const secret = objects.find(
      ({ kind, metadata }) => kind === 'Secret' && metadata.name.endsWith('-namecheap'),
    );
    assert.ok(secret);
    const { NAMECHEAP_API_USER: _user, ...data } = secret.data ?? {};
    const { status, body } = await apply({ ...secret, data });
    assert.equal(status, 200, body.message);
    const { data: left } = (await liveOf(secret)) as Manifest;
    assert.deepEqual(Object.keys(left ?? {}), ['NAMECHEAP_API_KEY']);
  });
});
