import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { siteLabel } from '../../contract/routing.ts';
import { Reflector } from '../../kubernetes/reflector.ts';
import { PODS, type Pod, SERVICES, type Service } from '../../kubernetes/resources.ts';
import { systemClock } from '../../runtime/clock.ts';
import { CnpgOperator } from '../support/cnpg-operator.ts';
import { startProcess } from '../support/process.ts';
import { type RawAnswer, send } from '../support/raw-api.ts';
import { findTools } from '../support/tools.ts';
import { createTwoSiteScene, LIMIT_MS } from '../support/two-site-scene.ts';
import { EAST, nextPrimary, SITES } from '../support/two-sites.ts';
import { until } from '../support/until.ts';

const SITE = siteLabel('default');
const MOVES = 8;

const scene = await createTwoSiteScene();
const { plane, cluster, namespace } = scene;
const READY = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
for (const { nodeName } of SITES) {
  const key = { namespace, name: `web-${nodeName}` };
  const spec = { nodeName, containers: [{ name: 'web', image: 'example/web:1' }] };
  await plane.api.create<Pod>(PODS, { metadata: { ...key, labels: { app: 'web' } }, spec });
  const options = { type: 'merge', subresource: 'status' } as const;
  await plane.api.patch(PODS, key, { status: READY }, options);
}

/** As it is in somebody's repository. */
const manifest = (name: string, labels: Record<string, string> = { [LABELS.follow]: 'true' }) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name, labels },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
});

const path = (name: string, query: string) => `/api/v1/namespaces/${namespace}/services/${name}?${query}`;

interface ApplyOptions {
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly labels?: Record<string, string>;
}

function apply(
  name: string,
  { dryRun = false, force = true, labels }: ApplyOptions = {},
): Promise<RawAnswer> {
  const query = `fieldManager=gitops&force=${force}${dryRun ? '&dryRun=All' : ''}`;
  return send(plane, 'PATCH', path(name, query), manifest(name, labels), 'application/apply-patch+yaml');
}

const selectorOf = ({ body }: RawAnswer) => (body.spec as Service['spec'])?.selector;
const stored = (name: string) => plane.api.get(SERVICES, { namespace, name });

const selects = (name: string, selector: Readonly<Record<string, string>>) =>
  until(
    `${name} selects ${JSON.stringify(selector)}`,
    async () => {
      const found = (await stored(name)).spec?.selector ?? {};
      const isSame = Object.keys(found).length === Object.keys(selector).length;
      return (isSame && Object.entries(selector).every(([key, value]) => found[key] === value)) || undefined;
    },
    { timeoutMs: LIMIT_MS },
  );

/** Every version of a Service that a watch shows: its epoch and site. */
class Versions {
  readonly seen: { readonly epoch: number; readonly site: string | undefined }[] = [];
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(name: string) {
    const reflector = new Reflector<Service, Service>({
      api: plane.api,
      clock: systemClock,
      random: Math.random,
      resource: SERVICES,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      transform: (object) => object,
      onChange: (_key, now) => {
        if (now === undefined) return;
        const epoch = Number(now.metadata.annotations?.[ANNOTATIONS.epoch] ?? -1);
        this.seen.push({ epoch, site: now.spec?.selector?.[SITE] });
      },
    });
    this.#ended = reflector.run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

describe('a new Service with the label', () => {
  test('has the site from its first moment, also in a dry run', async () => {
    await until(
      'the webhook knows the active site',
      async () => selectorOf(await apply('probe', { dryRun: true }))?.[SITE] || undefined,
      { timeoutMs: LIMIT_MS },
    );
    const dry = await apply('web', { dryRun: true });
    const real = await apply('web');
    assert.deepEqual(selectorOf(real), { app: 'web', [SITE]: EAST.name });
    assert.deepEqual(selectorOf(dry), selectorOf(real));
    assert.equal(real.status, 201);
  });
});

describe('a Service that follows', () => {
  test('shows no difference to who compares it with its manifest', async () => {
    const before = await stored('web');
    const dry = await apply('web', { dryRun: true });
    assert.deepEqual(selectorOf(dry), before.spec?.selector);
    assert.deepEqual((dry.body.metadata as Service['metadata']).annotations, before.metadata.annotations);
  });

  test('never lacks the site, and never goes back, while it is applied again and again during moves', async () => {
    const versions = new Versions('web');
    const over = new AbortController();
    let applied = 0;
    const applying = (async () => {
      while (!over.signal.aborted) {
        const { status } = await apply('web');
        assert.equal(status, 200);
        applied += 1;
      }
    })();
    for (let count = 0; count < MOVES; count += 1) {
      const site = await scene.move();
      await selects('web', { app: 'web', [SITE]: site.name });
    }
    over.abort();
    await applying;
    await versions.stop();
    assert.ok(applied > MOVES, `applied only ${applied} times`);
    const epochs = versions.seen.map(({ epoch }) => epoch);
    assert.deepEqual(
      epochs,
      epochs.toSorted((one, other) => one - other),
    );
    const bySite = new Map(versions.seen.map(({ epoch, site }) => [epoch, site]));
    assert.ok(versions.seen.every(({ epoch, site }) => site !== undefined && bySite.get(epoch) === site));
  });

  test('is not taken back by who replaces or applies it with a copy of an older state', async () => {
    const { metadata, spec } = await stored('web');
    const { resourceVersion, uid, managedFields, ...saved } = metadata;
    assert.ok([resourceVersion, uid, managedFields].every((each) => each !== undefined));
    const copy = { apiVersion: 'v1', kind: 'Service', metadata: saved, spec };
    const site = await scene.move();
    await selects('web', { app: 'web', [SITE]: site.name });
    const versions = new Versions('web');
    const query = 'fieldManager=kubectl-replace';
    const replaced = await send(plane, 'PUT', path('web', query), copy);
    const forced = 'fieldManager=gitops&force=true';
    const applied = await send(plane, 'PATCH', path('web', forced), copy, 'application/apply-patch+yaml');
    for (const answer of [replaced, applied]) {
      assert.equal(answer.status, 200, answer.body.message);
      assert.deepEqual(selectorOf(answer), { app: 'web', [SITE]: site.name });
    }
    const next = await scene.move();
    await selects('web', { app: 'web', [SITE]: next.name });
    await versions.stop();
    const epochs = versions.seen.map(({ epoch }) => epoch);
    assert.deepEqual(
      epochs,
      epochs.toSorted((one, other) => one - other),
    );
  });

  test('is right after the API server was away', async () => {
    const { to, site } = await nextPrimary(cluster);
    const restart = plane.restartApiServer();
    await restart;
    await new CnpgOperator(cluster).switchover(to);
    await selects('web', { app: 'web', [SITE]: site.name });
  });

  test('is soon free again for those who apply it without force', async () => {
    const site = await scene.move();
    await selects('web', { app: 'web', [SITE]: site.name });
    const refused = await apply('web', { force: false });
    assert.equal(refused.status, 409);
    assert.match(refused.body.message ?? '', /kube-site-follower.*\.spec\.selector/s);
    const applied = await until(
      'it can be applied without force',
      async () => {
        const answer = await apply('web', { force: false });
        return answer.status === 200 ? answer : undefined;
      },
      { timeoutMs: LIMIT_MS },
    );
    assert.deepEqual(selectorOf(applied), { app: 'web', [SITE]: site.name });
  });

  test('has its selector as before in the very write that takes the label away', async () => {
    const answer = await apply('web', { labels: {} });
    assert.deepEqual(selectorOf(answer), { app: 'web' });
    assert.deepEqual((answer.body.metadata as Service['metadata']).annotations, undefined);
    await apply('web');
    await selects('web', await wantedSelector());
  });
});

describe('a Service of a Helm release', () => {
  for (const way of ['--server-side=true', '--server-side=false']) {
    test(`is upgraded with ${way} after each move, and keeps its site`, async (t) => {
      const { helm } = await findTools();
      const folder = await mkdtemp(join(tmpdir(), 'chart-'));
      t.after(() => rm(folder, { recursive: true }));
      const name = `helm-${way === '--server-side=true' ? 'apply' : 'merge'}`;
      await mkdir(join(folder, 'templates'));
      await writeFile(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: web\nversion: 1.0.0\n');
      const text = JSON.stringify({
        ...manifest(name),
        metadata: { ...manifest(name).metadata, annotations: {} },
      });
      const template = text.replace('"annotations":{}', '"annotations":{"round":"{{ .Values.round }}"}');
      await writeFile(join(folder, 'templates', 'service.yaml'), template);
      const upgrade = async (round: number) => {
        const args = ['upgrade', '--install', name, folder, '--namespace', namespace, way];
        const child = await startProcess(
          'helm',
          [helm, ...args, '--set-string', `round=${round}`, '--kubeconfig', plane.kubeconfig],
          { env: { HOME: folder } },
        );
        const { code } = await child.exited;
        return code === 0 ? undefined : child.lines.join('\n');
      };
      assert.equal(await upgrade(0), undefined);
      await selects(name, await wantedSelector());
      for (let round = 1; round <= 2; round += 1) {
        const site = await scene.move();
        await selects(name, { app: 'web', [SITE]: site.name });
        await until(
          'the upgrade succeeds',
          async () => {
            const problem = await upgrade(round);
            if (problem !== undefined) throw new Error(problem);
            return true;
          },
          { timeoutMs: LIMIT_MS },
        );
        const { metadata, spec } = await stored(name);
        assert.equal(metadata.annotations?.round, String(round));
        assert.deepEqual(spec?.selector, { app: 'web', [SITE]: site.name });
      }
    });
  }
});

describe('while no webhook answers', () => {
  test('a Service is moved all the same; who would take the site away is refused; who leaves may', async () => {
    for (const { child } of scene.webhook?.replicas ?? []) child.signal('SIGKILL');
    const site = await scene.move();
    await selects('web', { app: 'web', [SITE]: site.name });
    const { status, body } = await apply('web');
    assert.equal(status, 500);
    assert.match(body.message ?? '', /failed calling webhook "services\.inject/);
    await selects('web', { app: 'web', [SITE]: site.name });
    const left = await apply('web', { labels: {} });
    assert.equal(left.status, 200);
    await selects('web', { app: 'web' });
  });
});

/** What the Service has to select now. */
async function wantedSelector(): Promise<Record<string, string>> {
  const { site: other } = await nextPrimary(cluster);
  const active = SITES.find(({ name }) => name !== other.name);
  assert.ok(active);
  return { app: 'web', [SITE]: active.name };
}
