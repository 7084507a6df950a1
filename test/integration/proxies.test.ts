import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect as open } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createServer } from 'node:tls';
import { parse, stringify } from 'yaml';
import { plan } from '../../dns/plan.ts';
import { findClientIp } from '../../dns/providers/namecheap/client-ip.ts';
import { httpPost } from '../../notify/post.ts';
import { systemClock } from '../../runtime/clock.ts';
import { outboundDispatcher } from '../../runtime/outbound/dispatcher.ts';
import { createAuthority } from '../support/certificates.ts';
import { startCloudflareHarness } from '../support/dns/cloudflare-harness.ts';
import { connect, portOf, type StartHarness } from '../support/dns/harness.ts';
import { startMoto } from '../support/dns/moto-harness.ts';
import { startNamecheapHarness } from '../support/dns/namecheap-harness.ts';
import { startWebhookHarness } from '../support/dns/webhook-harness.ts';
import { serveOnLoopback } from '../support/loopback.ts';
import { PROXY_PASSWORD, PROXY_USER, startProxy, startTlsProxy } from '../support/proxy-server.ts';
import { ADDRESSES, createScene, EAST } from '../support/scene.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

const plane = await sharedControlPlane();
const SECRET = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
const NEVER = new AbortController().signal;
const NO_KEYS = {
  AWS_ACCESS_KEY_ID: undefined,
  AWS_SECRET_ACCESS_KEY: undefined,
  AWS_ROLE_ARN: undefined,
  AWS_WEB_IDENTITY_TOKEN_FILE: undefined,
};
const CREDENTIALS = new RegExp(`${PROXY_USER}:|${PROXY_PASSWORD}`);

const HARNESSES: Readonly<Record<string, StartHarness>> = {
  cloudflare: startCloudflareHarness,
  namecheap: startNamecheapHarness,
  route53: startMoto,
  webhook: startWebhookHarness,
};

for (const [name, start] of Object.entries(HARNESSES)) {
  test(`${name}: reads and writes go through the proxy, and a failure names it without credentials`, async (t) => {
    const harness = await start(t);
    const proxy = await startProxy(t, new Map([['api.test:8080', portOf(harness)]]));
    const through = (url: string) =>
      outboundDispatcher({ https: url, http: url, noProxy: [] }, { keepAliveTimeout: 1_000 });
    const environment = await harness.at('api.test:8080');
    const record = { name: `app.${harness.zone}`, type: 'A', ttl: 60, values: ['192.0.2.7'] } as const;

    const provider = await connect(harness, environment, { ends: t, dispatcher: through(proxy.url) });
    const { sets } = await provider.read({ zone: harness.zone, names: [record.name], abort: NEVER });
    assert.deepEqual(sets, []);
    const guard = { abort: NEVER, assertMayWrite: () => undefined };
    await provider.apply(harness.zone, plan(sets, [record], new Set(['A'])), guard);
    assert.match((await harness.dump()).join('\n'), /192\.0\.2\.7/);
    assert.ok(proxy.asked.length >= 2);
    for (const call of proxy.asked) assert.match(call, /^(GET|POST) http:\/\/api\.test:8080\//);

    // Of a plain http call nobody could tell whether the proxy or the API gave the answer.
    const tls = Object.entries(environment).map(([key, value]) => [key, value.replace('http:', 'https:')]);
    const stranger = `http://${PROXY_USER}:wrong@${proxy.address}`;
    const refused = await connect(harness, Object.fromEntries(tls), {
      ends: t,
      dispatcher: through(stranger),
    });
    await assert.rejects(
      refused.read({ zone: harness.zone, names: [record.name], abort: NEVER }),
      (error: Error) => {
        assert.match(
          error.message,
          new RegExp(`through the proxy http://${proxy.address}: the proxy answered 401: `),
        );
        assert.doesNotMatch(`${error.message} ${error.stack}`, /ann:|wrong@/);
        return true;
      },
    );
  });
}

test('the detection of the own address goes through the proxy, and tells when that reaches nobody', async (t) => {
  const proxy = await startProxy(t, new Map());
  const dispatcher = outboundDispatcher(
    { https: proxy.url, http: undefined, noProxy: [] },
    { keepAliveTimeout: 1 },
  );
  t.after(() => dispatcher.destroy());
  await assert.rejects(
    findClientIp(systemClock, dispatcher, NEVER),
    new RegExp(`could not be found through the proxy http://${proxy.address}: the proxy answered 502`),
  );
  assert.deepEqual(proxy.asked, ['CONNECT dynamicdns.park-your-domain.com:443']);
});

test('a proxy that is gone is named by who would notify through it, and nothing of the target', async (t) => {
  const proxies = { https: 'http://ann:s3cret@127.0.0.1:1', http: undefined, noProxy: [] };
  const { post, close } = httpPost(systemClock, { proxies });
  t.after(close);
  await assert.rejects(post({ url: 'https://hooks.test/T0KEN', headers: {}, body: '' }, NEVER), {
    message: 'no answer through the proxy http://127.0.0.1:1 (ECONNREFUSED)',
  });
});

for (const scheme of ['http', 'https']) {
  test(`a controller writes and notifies through a proxy by ${scheme}, and calls the API server without it`, (t) =>
    followThrough(t, scheme));
}

async function followThrough(t: TestContext, scheme: string): Promise<void> {
  const receiver = await new WebhookReceiver().start(t, SECRET);
  const hook = new URL(receiver.url);
  const harness = await startCloudflareHarness(t);
  const authority = await createAuthority();
  const { certificate, key } = await authority.issue({ name: 'api', dns: ['api.test', 'hooks.test'] });
  const front = (port: number) => startTls(t, { cert: certificate, key }, port);
  const hosts = new Map([
    ['api.test:443', await front(portOf(harness))],
    ['hooks.test:443', await front(Number(hook.port))],
  ]);
  const ofProxy = await authority.issue({ name: 'proxy', dns: ['localhost'] });
  const proxy = await (scheme === 'http' ? startProxy(t, hosts) : startTlsProxy(t, hosts, ofProxy));
  const scene = await createScene(t, plane);
  const extraAuthority = join(plane.folder, `${crypto.randomUUID()}.crt`);
  await writeFile(extraAuthority, authority.certificate);
  const targets = [{ name: 'on-call', url: { env: 'HOOK' }, secrets: [{ env: 'HOOK_SECRET' }] }];
  const controller = await scene.start({
    ...harness.environment,
    CLOUDFLARE_API_URL: 'https://api.test/client/v4',
    DNS_RECORDS: `app.${harness.zone}`,
    NOTIFY: JSON.stringify(targets),
    HOOK: `https://hooks.test${hook.pathname}`,
    HOOK_SECRET: SECRET,
    KUBECONFIG: await anotherNameFor((await scene.environment()).KUBECONFIG ?? ''),
    https_proxy: proxy.url,
    HTTP_PROXY: proxy.url,
    NO_PROXY: '.svc,10.0.0.0/8',
    NODE_EXTRA_CA_CERTS: extraAuthority,
    LOG_LEVEL: 'trace',
  });
  await scene.settled(EAST, 1);
  await until(
    'the record is written and somebody is told',
    async () =>
      ((await harness.dump()).join().includes(ADDRESSES[EAST]) && receiver.received.length > 0) || undefined,
    { timeoutMs: 30_000 },
  );
  assert.ok(!(receiver.received[0]?.verified instanceof Error));
  assert.deepEqual(new Set(proxy.asked), new Set(['CONNECT api.test:443', 'CONNECT hooks.test:443']));
  assert.match(controller.child.lines.join('\n'), /"HTTPS_PROXY":"\*\*\*"/);
  assert.doesNotMatch(controller.child.lines.join('\n'), CREDENTIALS);
}

test('a proxy whose certificate nobody trusts is named, with why', async (t) => {
  const authority = await createAuthority();
  const proxy = await startTlsProxy(t, new Map(), await authority.issue({ name: 'x', dns: ['localhost'] }));
  const dispatcher = outboundDispatcher(
    { https: proxy.url, http: undefined, noProxy: [] },
    { keepAliveTimeout: 1 },
  );
  t.after(() => dispatcher.destroy());
  await assert.rejects(findClientIp(systemClock, dispatcher, NEVER), (error: Error) => {
    assert.match(error.message, new RegExp(`through the proxy https://${proxy.address}: .*certificate`));
    assert.doesNotMatch(error.message, CREDENTIALS);
    return true;
  });
});

test('route53: STS and SSO are asked for credentials through the proxy', async (t) => {
  const harness = await startMoto(t);
  const port = portOf(harness);
  const names = ['api', 'sts', 'sso'] as const;
  const proxy = await startProxy(t, new Map(names.map((name) => [`${name}.test:8080`, port])));
  const dispatcher = () =>
    outboundDispatcher({ https: undefined, http: proxy.url, noProxy: [] }, { keepAliveTimeout: 1_000 });
  const home = await mkdtemp(join(tmpdir(), 'aws-'));
  t.after(() => rm(home, { recursive: true, force: true }));
  const read = async (variables: Readonly<Record<string, string>>) => {
    const all = { ...NO_KEYS, HOME: home, AWS_CONFIG_FILE: '/nowhere', AWS_EC2_METADATA_DISABLED: 'true' };
    harness.environmentOf(t, { ...all, ...variables });
    const provider = await connect(harness, await harness.at('api.test:8080'), {
      ends: t,
      dispatcher: dispatcher(),
    });
    const before = proxy.asked.length;
    await provider.read({ zone: harness.zone, names: [`app.${harness.zone}`], abort: NEVER });
    return proxy.asked[before] ?? '';
  };
  const token = join(home, 'token');
  await writeFile(token, 'a token of the service account');
  const role = { AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/x', AWS_WEB_IDENTITY_TOKEN_FILE: token };
  assert.equal(
    await read({ ...role, AWS_ENDPOINT_URL_STS: 'http://sts.test:8080' }),
    'POST http://sts.test:8080/',
  );

  const login = 'https://login.test/start';
  const file = join(home, 'config');
  const profile = { sso_start_url: login, sso_region: 'us-east-1', sso_account_id: '1', sso_role_name: 'x' };
  const lines = Object.entries(profile).map(([key, value]) => `${key} = ${value}`);
  await writeFile(file, ['[profile login]', ...lines, ''].join('\n'));
  const cache = join(home, '.aws/sso/cache');
  await mkdir(cache, { recursive: true });
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const hash = createHash('sha1').update(login).digest('hex');
  await writeFile(join(cache, `${hash}.json`), JSON.stringify({ accessToken: 'of the login', expiresAt }));
  const sso = { AWS_PROFILE: 'login', AWS_CONFIG_FILE: file, AWS_ENDPOINT_URL_SSO: 'http://sso.test:8080' };
  assert.match(await read(sso), /^GET http:\/\/sso\.test:8080\/federation\/credentials\?/);
});

/** The API server by an address that is not loopback to those who read NO_PROXY, and leads there all the same. */
async function anotherNameFor(file: string): Promise<string> {
  const kubeconfig = parse(await readFile(file, 'utf8')) as {
    clusters: { cluster: { server: string; 'tls-server-name'?: string } }[];
  };
  for (const { cluster } of kubeconfig.clusters) {
    cluster.server = cluster.server.replace('127.0.0.1', '0.0.0.0');
    cluster['tls-server-name'] = 'localhost';
  }
  const other = `${file}.other`;
  await writeFile(other, stringify(kubeconfig), { mode: 0o600 });
  return other;
}

/** TLS before a server that has none; its port. */
async function startTls(t: TestContext, tls: { cert: string; key: string }, port: number): Promise<number> {
  const server = createServer(tls, (client) => {
    const target = open(port, '127.0.0.1');
    client.on('error', () => target.destroy());
    target.on('error', () => client.destroy());
    client.pipe(target).pipe(client);
  });
  return serveOnLoopback(t, server);
}
