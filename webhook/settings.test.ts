import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadWebhookSettings } from './settings.ts';

const DAY_MS = 86_400_000;

test('nothing needs to be set', () => {
  assert.deepEqual(loadWebhookSettings({}), {
    ok: true,
    settings: {
      namespace: undefined,
      podName: undefined,
      port: 8443,
      httpPort: 8081,
      service: 'kube-site-follower-webhook',
      names: [],
      configuration: 'kube-site-follower-webhook',
      secret: 'kube-site-follower-webhook-tls',
      leafMs: 90 * DAY_MS,
      authorityMs: 3_650 * DAY_MS,
      lingerMs: 5_000,
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
  });
  assert.ok(result.ok);
  const { namespace, names, port, leafMs, authorityMs, lingerMs } = result.settings;
  assert.deepEqual(
    { namespace, names, port, leafMs, authorityMs, lingerMs },
    {
      namespace: 'system',
      names: ['a.example.com', '127.0.0.1'],
      port: 8443,
      leafMs: DAY_MS / 2,
      authorityMs: 1.5 * DAY_MS,
      lingerMs: 0,
    },
  );
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
