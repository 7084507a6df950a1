import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENVIRONMENT_ONLY, FILE } from '../../controller/config/schema.ts';
import { loadConfig } from '../../controller/config.ts';
import { DNS_PROVIDERS, TRAITS } from '../../dns/registry.ts';
import { settingsOf } from '../../settings/schema.ts';
import { Secret } from '../../settings/secret.ts';
import { layered } from '../support/chart/examples.ts';
import {
  chartUnderTest,
  environment,
  type Manifest,
  only,
  podSpec,
  SITES,
  secretTexts,
} from '../support/chart/render.ts';

const chart = await chartUnderTest();
const SECRET = 'c2VjcmV0LXRoYXQtbm9ib2R5LXNlZXMh';

/** The leaves of each provider's settings: its key in the chart, the variable, and whether it is a secret. */
const providers = Object.keys(TRAITS)
  .filter((name) => name !== 'none')
  .map((name) => ({
    name,
    settings: [...settingsOf(DNS_PROVIDERS)]
      .filter(({ when }) => when?.value === name)
      .map(({ path, setting: { variable, secret } }) => ({ key: path.at(-1) ?? '', variable, secret })),
  }));

for (const { name, settings } of providers) {
  const values = Object.fromEntries(
    settings.map(({ key, variable, secret }) => [key, secret ? SECRET : fitting(variable)]),
  );
  const controller = { dns: { provider: name, [name]: values } };

  test(`the settings of ${name} reach the controller, and its secrets through a Secret alone`, async () => {
    const manifests = await chart.render({ values: layered(SITES, { controller }) });
    const hasSecret = settings.some(({ secret }) => secret);
    const made = hasSecret ? only(manifests, 'Secret', `-${name}`) : undefined;
    // By server-side apply, a key of it that is left out later would stay.
    assert.ok(made === undefined || !('stringData' in made));
    const container = podSpec(only(manifests, 'Deployment', '-controller')).containers[0];
    const env = environment(container, secretTexts(made));
    for (const { key, variable } of settings) assert.equal(env[variable], String(values[key]), variable);
    for (const manifest of manifests.filter(({ kind }) => kind !== 'Secret')) {
      assert.ok(!JSON.stringify(manifest).includes(SECRET), `${manifest.kind} ${manifest.metadata.name}`);
    }
  });

  test(`records of ${name} are refused without what the controller needs for them`, async () => {
    const texts = settings.filter(({ key }) => typeof values[key] === 'string');
    const given = (settings: typeof texts) => {
      const own = Object.fromEntries(settings.map(({ key }) => [key, values[key]]));
      const dns = { provider: name, records: ['app.example.com'], [name]: own };
      return layered(SITES, { controller: { dns } });
    };
    const manifests = await chart.render({ values: given(texts) });
    const secrets = secretTexts(manifests.find(({ kind }) => kind === 'Secret'));
    const env = environment(podSpec(only(manifests, 'Deployment', '-controller')).containers[0], secrets);
    const isEnough = (env: Record<string, string>) => loadConfig(env, () => '').ok;
    assert.ok(isEnough(env));
    const needed = texts.filter(({ variable }) => !isEnough({ ...env, [variable]: '' }));
    await chart.text({ values: given(needed) });
    for (const { key } of needed) {
      const without = given(needed.filter((one) => one.key !== key));
      const says = `controller.dns.${name}.${key}: is needed`;
      await assert.rejects(chart.text({ values: without }), ({ message }: Error) => message.includes(says));
    }
  });

  if (!settings.some(({ secret }) => secret)) continue;

  test(`the secrets of ${name} can be in a Secret that is there already`, async () => {
    const dns = { provider: name, [name]: { ...values, existingSecret: 'mine' } };
    const manifests = await chart.render({ values: layered(SITES, { controller: { dns } }) });
    assert.deepEqual(
      manifests.filter(({ kind }) => kind === 'Secret').map(({ metadata }) => metadata.name),
      ['kube-site-follower-webhook-tls'],
    );
    const { env, files } = mountedFrom(manifests);
    for (const { variable } of settings.filter(({ secret }) => secret)) {
      const path = env.find((one) => one.name === `${variable}_FILE`)?.value ?? '';
      // Where it is missing, the controller says so.
      assert.deepEqual(files.get(path), { secret: 'mine', key: variable, optional: true });
      assert.ok(!env.some((one) => one.name === variable), variable);
    }
  });

  test(`the Secret of ${name} that is there already is read as files, and again when it changes`, async () => {
    const plain = settings.filter(({ secret }) => !secret).map(({ key }) => [key, values[key]]);
    const own = { ...Object.fromEntries(plain), existingSecret: 'mine' };
    const dns = { provider: name, records: ['app.example.com'], [name]: own };
    const manifests = await chart.render({ values: layered(SITES, { controller: { dns } }) });
    const { env, files } = mountedFrom(manifests);
    let stored = SECRET;
    const read = (path: string) => {
      assert.ok(files.has(path), path);
      return `${stored}\n`;
    };
    const loaded = loadConfig(environment({ env }, { NAMECHEAP_API_USER: 'some.name' }), read);
    assert.ok(loaded.ok, JSON.stringify(loaded));
    const revealed = () => secretsIn(loaded.value.followers[0]);
    assert.deepEqual(revealed(), [SECRET]);
    stored = SECRET.toUpperCase();
    assert.deepEqual(revealed(), [stored]);
  });

  test(`a secret of ${name} in the file is refused`, async () => {
    for (const { key } of settings.filter(({ secret }) => secret)) {
      const refused = (config: object) =>
        assert.rejects(
          chart.text({ values: { controller: { config } } }),
          (error: Error) =>
            error.message.includes('a secret must not stand in a ConfigMap') &&
            !error.message.includes(SECRET),
        );
      const dns = { provider: name, [name]: { [key]: SECRET } };
      await refused({ followers: [{ dns }] });
      await refused({ followers: [{ dns: [dns] }] });
    }
  });
}

/** The variables of the controller, and what is mounted for it, by the paths of the files. */
function mountedFrom(manifests: readonly Manifest[]) {
  const { volumes = [], containers } = podSpec(only(manifests, 'Deployment', '-controller'));
  const [{ env, volumeMounts = [] }] = containers;
  const files = new Map<string, object>(
    (volumes as unknown as readonly SecretVolume[]).flatMap(({ name, secret }) => {
      const folder = volumeMounts.find((mount) => mount.name === name)?.mountPath ?? '';
      return (secret?.items ?? []).map(
        ({ key, path }) =>
          [`${folder}/${path}`, { secret: secret?.secretName, key, optional: secret?.optional }] as const,
      );
    }),
  );
  return { env, files };
}

/** All secrets below `value`, as they are now. */
function secretsIn(value: unknown): readonly string[] {
  if (value instanceof Secret) return [value.reveal()];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(secretsIn) : [];
}

interface SecretVolume {
  readonly name: string;
  readonly secret?: {
    readonly secretName: string;
    readonly optional: boolean;
    readonly items: readonly { readonly key: string; readonly path: string }[];
  };
}

test('a Secret that is there already stays a variable where the configuration refers to it, and goes before envFrom', async () => {
  const cloudflare = { existingSecret: 'mine' };
  const dns = [
    {
      provider: 'cloudflare',
      records: ['a.example.com'],
      cloudflare: { apiToken: { env: 'CLOUDFLARE_API_TOKEN' } },
    },
  ];
  const followers = [{ sites: [{ name: 'a', nodeName: 'b', ip: '192.0.2.1' }], dns }];
  const named = await chart.render({
    values: { controller: { config: { followers }, dns: { cloudflare } } },
  });
  const variables = mountedFrom(named);
  assert.equal(variables.files.size, 0);
  const found = variables.env.find(({ name }) => name === 'CLOUDFLARE_API_TOKEN');
  assert.deepEqual(found?.valueFrom?.secretKeyRef, { name: 'mine', key: 'CLOUDFLARE_API_TOKEN' });
  const envFrom = [{ secretRef: { name: 'all' } }];
  const own = { dns: { provider: 'cloudflare', records: ['a.example.com'], cloudflare }, envFrom };
  const { env, files } = mountedFrom(await chart.render({ values: layered(SITES, { controller: own }) }));
  assert.equal(files.size, 1);
  const given = { CLOUDFLARE_API_TOKEN: 'of-another-secret', ...environment({ env }) };
  assert.ok(loadConfig(given, () => SECRET).ok);
});

function fitting(variable: string): string | boolean {
  const values = {
    _URL: 'https://api.example.com',
    _IP: '192.0.2.1',
    _ALGORITHM: 'hmac-sha512',
    _ZONE_ID: 'Z0123456789',
    _PRIVATE_ZONE: true,
    _NAMESPACE: 'dns',
  };
  return Object.entries(values).find(([end]) => variable.endsWith(end))?.[1] ?? 'some.name';
}

test('a secret as a plain variable is refused', async () => {
  const secret = [...settingsOf(FILE), ...settingsOf(ENVIRONMENT_ONLY)]
    .map(({ setting }) => setting)
    .filter((setting) => setting.secret && setting.variable !== '');
  const variables = [...new Set(secret.map(({ variable }) => variable))];
  assert.ok(variables.includes('NAMECHEAP_API_KEY'), variables.join(', '));
  // What NOTIFY has may be references alone, see below.
  for (const variable of variables.filter((name) => name !== 'NOTIFY')) {
    await assert.rejects(
      chart.text({ values: layered(SITES, { controller: { env: { [variable]: SECRET } } }) }),
      (error: Error) =>
        error.message.includes(`controller.env.${variable}: a secret must not stand`) &&
        !error.message.includes(SECRET),
    );
  }
});

test('the hook of a chat is a secret; a reference to one is none', async () => {
  const inFile = (notify: object) => ({
    config: { followers: [{ sites: [{ name: 'a', nodeName: 'b' }], notify: [notify] }] },
  });
  const inVariable = (notify: object) => ({ ...SITES.controller, env: { NOTIFY: JSON.stringify([notify]) } });
  for (const [controller, place] of [
    [inFile, 'controller.config.followers[0].notify[0]'],
    [inVariable, 'controller.env.NOTIFY[0]'],
  ] as const) {
    const text = (notify: object) => chart.text({ values: { controller: controller(notify) } });
    const refused = (notify: object, key: string) =>
      assert.rejects(
        text(notify),
        (error: Error) =>
          error.message.includes(`${place}.${key}: a secret`) && !error.message.includes(SECRET),
      );
    await refused({ name: 'team', preset: 'slack', url: `https://hooks.slack.com/${SECRET}` }, 'url');
    await refused({ name: 'x', url: 'https://x.example.com', secrets: [SECRET] }, 'secrets[0]');
    const fine = { name: 'x', url: 'https://x.example.com', secrets: [{ env: 'ON_CALL_SECRET' }] };
    assert.match(await text(fine), /ON_CALL_SECRET/);
  }
});

test('what the configuration refers to as a secret is none of the variables in the Deployment', async () => {
  const sites = [{ name: 'a', nodeName: 'b' }];
  const notify = [{ name: 'team', preset: 'slack', url: { env: 'TEAM_HOOK' } }];
  const dns = [{ provider: 'rfc2136', rfc2136: { tsigSecret: { env: 'TEAM_HOOK' } } }];
  const place = 'controller.config.followers[0]';
  const variable = { NOTIFY: JSON.stringify(notify) };
  for (const [controller, env, from] of [
    [{ config: { followers: [{ sites, notify }] } }, {}, `${place}.notify[0].url`],
    [{ config: { followers: [{ sites, dns }] } }, {}, `${place}.dns[0].rfc2136.tsigSecret`],
    [SITES.controller, variable, 'controller.env.NOTIFY[0].url'],
  ] as const) {
    const text = (more: object) => chart.text({ values: { controller: { ...controller, ...more } } });
    await assert.rejects(
      text({ env: { ...env, TEAM_HOOK: `https://hooks.slack.com/${SECRET}` } }),
      ({ message }: Error) =>
        message.includes(`controller.env.TEAM_HOOK: a secret must not stand in a Deployment`) &&
        message.includes(`${from} refers to it`) &&
        !message.includes(SECRET),
    );
    await text({ env: { ...env, ANOTHER: 'value' }, envFrom: [{ secretRef: { name: 'hooks' } }] });
  }
});

test('keys of AWS can be in a Secret of the chart, in one that is there already, or in none', async () => {
  const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET };
  const variables = async (route53: object) => {
    const controller = { dns: { provider: 'route53', route53 } };
    const manifests = await chart.render({ values: layered(SITES, { controller }) });
    const { env } = podSpec(only(manifests, 'Deployment', '-controller')).containers[0];
    return env
      .filter(({ name }) => name.startsWith('AWS_'))
      .map(({ name, valueFrom }) => `${name} ${valueFrom?.secretKeyRef?.name}`);
  };
  const from = (secret: string) =>
    ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((name) => `${name} ${secret}`);
  assert.deepEqual(await variables(keys), from('kube-site-follower-route53'));
  assert.deepEqual(await variables({ ...keys, existingSecret: 'mine' }), from('mine'));
  assert.deepEqual(await variables({}), []);
});
