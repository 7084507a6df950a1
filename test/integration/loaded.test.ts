/** What the shipped bundle loads, and what it takes when everything is configured. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { memoryOf } from '../../bench/memory.ts';
import { configMapName, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { TRIGGERS } from '../../controller/triggers/registry.ts';
import { PROVIDER_NAMES } from '../../dns/registry.ts';
import { KEY } from '../../dns/testing/example.ts';
import { PROVIDER_EXAMPLES } from '../../dns/testing/examples.ts';
import { NODE_ENVIRONMENT } from '../../scripts/node-flags.ts';
import { choiceOf } from '../../settings/schema.ts';
import { ConfigMapHistory } from '../support/config-map-history.ts';
import { type ControllerProcess, startController } from '../support/controller-process.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { createGround, type Place } from '../support/triggers/harness.ts';
import { TRIGGER_HARNESSES } from '../support/triggers/harnesses.ts';

const plane = await sharedControlPlane();

const MOST_MIB = 150;
const AWS = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: KEY, AWS_REGION: 'us-east-1' };
/** Modules that only a provider or a trigger needs, as the bundle names them. A row’s own settings and rights count not. */
const OPTIONAL =
  /^(dns\/providers\/[a-z0-9-]+\/(?!kind|settings|dns-endpoint)|node_modules\/(mongodb|bson|@aws-sdk|@smithy)\/)/;

describe('the bundle of the controller', () => {
  test('runs no code of a provider or driver that is not configured', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'coverage-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const { controller, status } = await start(t, { NODE_V8_COVERAGE: folder }, ['lease']);
    await status('default', 'east');
    assert.equal((await controller.child.stop()).code, 0);
    const modules = await modulesOf(folder);
    const optional = [...modules].filter(([name]) => OPTIONAL.test(name));
    for (const name of PROVIDER_NAMES) {
      assert.ok(
        optional.some(([module]) => module.startsWith(`dns/providers/${name}/`)),
        name,
      );
    }
    assert.ok(modules.has('node_modules/mongodb/lib/index.js'));
    assert.deepEqual(
      optional.filter(([, runs]) => runs > 0),
      [],
    );
  });

  test('has in its image the environment that it is measured in', async () => {
    const image = await readFile(new URL('../../Dockerfile', import.meta.url), 'utf8');
    for (const [name, value] of Object.entries(NODE_ENVIRONMENT)) {
      assert.match(image, new RegExp(`^ENV ${name}=${value}$`, 'm'));
    }
  });

  test(`stays below ${MOST_MIB} MiB with every trigger and provider`, async (t) => {
    // A human’s word stands on the status of the first follower.
    const kinds = ['manual', ...Object.keys(TRIGGER_HARNESSES).filter((kind) => kind !== 'manual')];
    const providers = [...PROVIDER_EXAMPLES].map(([name, { offline }]) => [name, offline] as const);
    assert.ok(kinds.length >= providers.length, 'each provider has a follower to be configured with');
    const { controller, status, lead } = await start(t, AWS, kinds, providers);
    const rest = async (site: Place) => {
      for (const kind of kinds) await status(nameOf(kind, kinds), site);
    };
    await rest('east');
    for (const site of ['west', 'south', 'west', 'east'] as const) {
      await lead(site);
      await rest(site);
    }
    const { rss, anonymous, peak } = await memoryOf(controller.child.pid);
    t.diagnostic(
      `${Math.round(rss)} MiB resident, ${Math.round(anonymous)} of it its own, ${Math.round(peak)} at most`,
    );
    assert.ok(peak < MOST_MIB, `it took ${peak} MiB`);
    assert.equal(new Set(kinds.map((kind) => kind.split(',')[0])).size, choiceOf(TRIGGERS).options.length);
  });
});

const nameOf = (kind: string, kinds: readonly string[]) =>
  kind === kinds[0] ? 'default' : kind.replaceAll(/[^a-z]+/g, '-');

/** A controller with a follower for each of the harnesses, each with the same records at the providers. */
async function start(
  t: TestContext,
  env: Readonly<Record<string, string>>,
  kinds: readonly string[],
  providers: readonly (readonly [string, object])[] = [],
) {
  const ground = await createGround(t, plane);
  const { own } = ground;
  const harnesses = new Map<string, Awaited<ReturnType<(typeof TRIGGER_HARNESSES)[string]>>>();
  const followers: object[] = [];
  for (const [index, kind] of kinds.entries()) {
    // Each has nodes of its own: that of the readiness of nodes takes them away.
    const own = index === 0 ? ground : await createGround(t, plane);
    const harness = await TRIGGER_HARNESSES[kind]?.(own);
    assert.ok(harness !== undefined);
    const sites = (harness.sites ?? own.sites).map((site, place) => ({
      ...site,
      ip: `192.0.2.${place + 1}`,
    }));
    harnesses.set(kind, harness);
    const [provider] = providers.slice(index);
    followers.push({
      ...(index > 0 && { name: nameOf(kind, kinds) }),
      sites,
      trigger: harness.settings,
      ...(provider !== undefined && {
        dns: { provider: provider[0], records: [`app${index}.example.com`], [provider[0]]: provider[1] },
      }),
    });
  }
  const lead = async (site: Place) => {
    for (const harness of harnesses.values()) await harness.lead(site);
  };
  await lead('east');
  const file = join(plane.folder, `${own}.yaml`);
  await writeFile(file, JSON.stringify({ followers }));
  const controller: ControllerProcess = await startController({
    KUBECONFIG: plane.kubeconfig,
    POD_NAMESPACE: own,
    CONFIG_FILE: file,
    ...env,
  });
  t.after(() => controller.child.stop(10_000));
  const status = async (follower: string, site: Place) => {
    const key = { namespace: own, name: configMapName(STATUS_CONFIGMAP, follower) };
    const history = await ConfigMapHistory.start(plane.api, key);
    try {
      await history.untilStatus(
        `${follower} is settled at ${site}`,
        ({ activeSite, phase }) => activeSite === site && phase === 'Settled',
        60_000,
      );
    } finally {
      history.stop();
    }
  };
  return { controller, status, lead };
}

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly count: number }[];
    }[];
  }[];
}

/** How often each module of the bundle that is loaded on demand was run. */
async function modulesOf(folder: string): Promise<ReadonlyMap<string, number>> {
  const modules = new Map<string, number>();
  for (const file of await readdir(folder)) {
    const { result } = JSON.parse(await readFile(join(folder, file), 'utf8')) as Coverage;
    for (const { url, functions } of result) {
      if (!url.endsWith('/dist/controller.mjs')) continue;
      for (const { functionName, ranges } of functions) {
        if (functionName.includes('/')) modules.set(functionName, ranges[0]?.count ?? 0);
      }
    }
  }
  return modules;
}
