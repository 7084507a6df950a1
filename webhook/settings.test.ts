import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../runtime/log.ts';
import { loadWebhookSettings } from './settings.ts';

const DAY_MS = 86_400_000;

test('nothing needs to be set', () => {
  assert.deepEqual(loadWebhookSettings({}), {
    ok: true,
    value: {
      namespace: undefined,
      podName: undefined,
      port: 8443,
      httpPort: 8081,
      service: 'kube-site-follower-webhook',
      names: [],
      configuration: 'kube-site-follower-webhook',
      secretName: 'kube-site-follower-webhook-tls',
      certificateFolder: undefined,
      callers: undefined,
      leafMs: 90 * DAY_MS,
      authorityMs: 3_650 * DAY_MS,
      lingerMs: 5_000,
      followers: ['default'],
      followed: [],
      movingNone: [],
      logLevel: 'info',
    },
  });
});

test('what is set counts, without the space around it; blank is not set', () => {
  const result = loadWebhookSettings({
    POD_NAMESPACE: ' system ',
    WEBHOOK_NAMES: ' a.example.com, ,127.0.0.1,',
    WEBHOOK_PORT: '',
    CERTIFICATE_DAYS: '0.5',
    AUTHORITY_DAYS: '1.5',
    LINGER_SECONDS: '0',
    FOLLOWERS_WITHOUT_SERVICES: 'orders, default',
  });
  assert.ok(result.ok);
  const { namespace, names, port, leafMs, authorityMs, lingerMs, movingNone } = result.value;
  assert.deepEqual(
    { namespace, names, port, leafMs, authorityMs, lingerMs, movingNone },
    {
      namespace: 'system',
      names: ['a.example.com', '127.0.0.1'],
      port: 8443,
      leafMs: DAY_MS / 2,
      authorityMs: 1.5 * DAY_MS,
      lingerMs: 0,
      movingNone: ['orders', 'default'],
    },
  );
});

test('what is followed is a JSON list', () => {
  const one = { follower: 'orders', kind: 'pod-label', namespace: 'db', preset: 'patroni', cluster: 'main' };
  const result = loadWebhookSettings({ FOLLOWED: JSON.stringify([one]) });
  assert.deepEqual(result.ok && result.value.followed, [one]);
  for (const FOLLOWED of ['{', '{}', '[{"kind":"lease"}]']) {
    const refused = loadWebhookSettings({ FOLLOWED });
    assert.match(refused.ok ? '' : refused.problems.join(), /^FOLLOWED must be a JSON list/, FOLLOWED);
  }
});

test('every problem is told at once', () => {
  const result = loadWebhookSettings({
    WEBHOOK_PORT: '65536',
    HTTP_PORT: '80.5',
    CERTIFICATE_DAYS: '0',
    AUTHORITY_DAYS: 'long',
    LINGER_SECONDS: '-1',
    LOG_LEVEL: 'loud',
  });
  assert.deepEqual(result.ok || result.problems, [
    'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal (got: loud)',
    'WEBHOOK_PORT must be a number from 0 to 65535 (got: 65536)',
    'HTTP_PORT must be a whole number (got: 80.5)',
    'CERTIFICATE_DAYS must be a number from 0.00015 to 36500 (got: 0)',
    'AUTHORITY_DAYS must be a number from 0.00015 to 36500 (got: long)',
    'LINGER_SECONDS must be a number from 0 to 600 (got: -1)',
  ]);
});

test('an authority must outlive its certificates by far', () => {
  const result = loadWebhookSettings({ CERTIFICATE_DAYS: '90', AUTHORITY_DAYS: '100' });
  assert.deepEqual(result.ok || result.problems, [
    'AUTHORITY_DAYS must be at least three times CERTIFICATE_DAYS',
  ]);
});

test('names that no object or host can have are refused', () => {
  const result = loadWebhookSettings({
    WEBHOOK_SERVICE: 'a.b',
    WEBHOOK_NAMES: '192.0.2.1,2001:db8::1,*.example.com,bad name,a..b',
    WEBHOOK_CONFIGURATION: 'a/b',
    WEBHOOK_SECRET: 'A',
  });
  assert.deepEqual(result.ok || result.problems, [
    'WEBHOOK_SERVICE must be the name of a Service: 1 to 63 lower-case letters, digits and "-" (got: a.b)',
    'WEBHOOK_NAMES must be host names or addresses, with commas between them (got: bad name)',
    'WEBHOOK_NAMES must be host names or addresses, with commas between them (got: a..b)',
    'WEBHOOK_CONFIGURATION must be the name of a MutatingWebhookConfiguration: lower-case letters, digits, "-" and "." (got: a/b)',
    'WEBHOOK_SECRET must be the name of a Secret: lower-case letters, digits, "-" and "." (got: A)',
  ]);
});

test('who may call is an authority and names together', () => {
  const both = { WEBHOOK_CLIENT_CA_FILE: '/clients/ca.crt', WEBHOOK_CLIENT_NAMES: 'api-1, api-2' };
  const result = loadWebhookSettings(both);
  assert.deepEqual(result.ok && result.value.callers, {
    file: '/clients/ca.crt',
    names: ['api-1', 'api-2'],
  });
  for (const name of Object.keys(both)) {
    const alone = loadWebhookSettings({ ...both, [name]: '' });
    assert.match(alone.ok ? '' : alone.problems.join(), new RegExp(`^${name} must be set beside`));
  }
});

test('misspelt variables are refused, those of Services are not', () => {
  const env = {
    WEBHOOK_PROT: '1',
    WEBHOOK_NAME: 'x',
    CERTIFICATES_DAYS: '1',
    WEBHOOKS_PORT: 'tcp://192.0.2.1:80',
    WEBHOOKS_SERVICE_HOST: '192.0.2.1',
    WEBHOOKS_SERVICE_PORT: '80',
  };
  const result = loadWebhookSettings(env);
  assert.deepEqual(result.ok || result.problems, [
    'WEBHOOK_PROT is not a known variable (did you mean WEBHOOK_PORT?)',
    'WEBHOOK_NAME is not a known variable (did you mean WEBHOOK_NAMES?)',
    'CERTIFICATES_DAYS is not a known variable (did you mean CERTIFICATE_DAYS?)',
  ]);
});

test('the log shows every setting', () => {
  const result = loadWebhookSettings({});
  assert.ok(result.ok);
  const lines: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  log.info({ settings: result.value }, 'starting');
  assert.match(lines.join(), /"kube-site-follower-webhook-tls"/);
  assert.doesNotMatch(lines.join(), /\*\*\*/);
});

test('what is for certificates of our own has no place beside a mounted one', () => {
  const folder = { WEBHOOK_CERTIFICATE_DIR: '/certificate' };
  const alone = loadWebhookSettings(folder);
  assert.equal(alone.ok && alone.value.certificateFolder, '/certificate');
  const result = loadWebhookSettings({ ...folder, WEBHOOK_SECRET: 'tls', AUTHORITY_DAYS: '900' });
  assert.ok(!result.ok);
  assert.deepEqual(
    result.problems.map((problem) => problem.split(' ')[0]),
    ['WEBHOOK_SECRET', 'AUTHORITY_DAYS'],
  );
});
