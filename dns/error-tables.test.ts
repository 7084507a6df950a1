import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent } from 'undici';
import { KubeError } from '../kubernetes/errors.ts';
import { DeadlineError } from '../runtime/clock.ts';
import { unanswered } from './calls/unanswered.ts';
import { DnsError } from './provider.ts';
import {
  apiError,
  changeError,
  ERROR_TABLE,
  PROBLEMS,
  strangerError,
} from './providers/cloudflare/errors.ts';
import {
  ERROR_TABLE as EXTERNAL_DNS_ERRORS,
  apiError as externalDnsError,
} from './providers/external-dns/errors.ts';
import {
  ERROR_TABLE as RFC2136_ERRORS,
  rcodeError,
  tsigError,
  updateError,
} from './providers/rfc2136/errors.ts';
import { ERROR_TABLE as ROUTE53_ERRORS, apiError as route53Error } from './providers/route53/errors.ts';
import { statusError, ERROR_TABLE as WEBHOOK_ERRORS } from './providers/webhook/errors.ts';

test('Cloudflare: no code stands in two rows, and each gives the kind and action of its row', () => {
  const codes = ERROR_TABLE.flatMap((row) => row.codes);
  assert.equal(new Set(codes).size, codes.length);
  for (const { codes: own, kind } of ERROR_TABLE) {
    for (const code of own) {
      const error = apiError(
        'the change of example.com',
        400,
        [{ code, message: 'the API says so' }],
        undefined,
      );
      assert.deepEqual([error.kind, error.code], [kind, String(code)]);
      assert.match(error.message, /the change of example\.com.*the API says so/);
    }
  }
});

test('Cloudflare: a change that is refused with a code that nobody knows may be about one of its names', () => {
  const scope = (status: number, code: number) =>
    changeError('the change', status, [{ code, message: 'no' }], undefined).scope;
  for (const status of [400, 403, 409, 422]) assert.equal(scope(status, 4242), 'names', String(status));
  for (const [status, code] of [
    [401, 4242],
    [403, 10_000],
    [404, 7003],
    [429, 971],
    [500, 4242],
  ] as const)
    assert.equal(scope(status, code), 'zone', String(status));
});

test('Cloudflare: what the status alone tells', () => {
  const outcome = (status: number, retryAfterMs?: number) => {
    const { kind, code, retryAfterMs: wait } = apiError('the zone', status, [], retryAfterMs);
    return [kind, code, wait];
  };
  assert.deepEqual(outcome(429, 7_000), ['rate', '429', 7_000]);
  assert.deepEqual(outcome(429), ['rate', '429', 300_000]);
  assert.deepEqual(outcome(401), ['config', '401', 120_000]);
  assert.deepEqual(outcome(403), ['config', '403', 120_000]);
  assert.deepEqual(outcome(502), ['retry', '502', undefined]);
});

test('Cloudflare: the reason behind an error is reported, and decides', () => {
  const read = (errors: string) => apiError('the change', 400, PROBLEMS.parse(JSON.parse(errors)), undefined);
  const ttl = read(
    '[{"code":1004,"message":"DNS Validation Error","error_chain":[{"code":9021,"message":"TTL must be between 60 and 86400 seconds, or 1 for Automatic."}]}]',
  );
  assert.match(
    ttl.message,
    /DNS Validation Error \(1004\): TTL must be between 60 and 86400 seconds.* \(9021\)$/,
  );
  assert.deepEqual([ttl.kind, ttl.code], ['refused', '1004']);
  assert.match(ttl.action, /DNS_TTL/);
  const login = read(
    '[{"code":4242,"message":"Invalid request","error_chain":[{"code":6111,"message":"Invalid format for Authorization header"}]}]',
  );
  assert.deepEqual([login.kind, login.code], ['config', '4242']);
  const text = read('[{"code":"10000","message":"Authentication error"}]');
  assert.deepEqual([text.kind, text.code], ['config', '10000']);
});

test('Cloudflare: an answer that is not the API’s says nothing of the token', () => {
  const outcome = (status: number) => {
    const { kind, code, action } = strangerError('the zone', status, undefined);
    return [kind, code, /TOKEN/.test(action)];
  };
  assert.deepEqual(outcome(403), ['retry', '403', false]);
  assert.deepEqual(outcome(522), ['retry', '522', false]);
  assert.deepEqual(outcome(429), ['rate', '429', false]);
});

test('RFC 2136: each code by its name', () => {
  const rows = new Map(RFC2136_ERRORS.flatMap(({ codes, kind }) => codes.map((code) => [code, kind])));
  for (const rcode of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) {
    const error = rcodeError('the update', rcode, ['app.example.com']);
    assert.ok(!error.code.startsWith('RCODE'));
    assert.equal(error.kind, rows.get(error.code));
    assert.match(error.message, /app\.example\.com/);
  }
  assert.deepEqual(
    [rcodeError('the update', 5).code, rcodeError('the update', 11).code],
    ['REFUSED', 'RCODE 11'],
  );
  for (const name of ['BADSIG', 'BADKEY', 'BADTIME', 'BADTRUNC']) {
    const { kind, code, retryAfterMs } = tsigError('the update', name);
    assert.deepEqual([kind, code, retryAfterMs], [rows.get(name), name, 60_000]);
  }
});

test('RFC 2136: a refused name that is no host name gets the advice that fits', () => {
  const advice = (name: string) => updateError('the update', 5, [name]).action;
  assert.match(advice('app_1.example.com'), /check-names ignore.*Allow the key/);
  assert.match(advice('app.example.com'), /^Allow the key/);
});

test('Route 53: each code gives the kind, action and pause of its row', () => {
  const codes = ROUTE53_ERRORS.flatMap((row) => row.codes);
  assert.equal(new Set(codes).size, codes.length);
  for (const { codes: own, kind, action, waitMs } of ROUTE53_ERRORS) {
    for (const code of own) {
      const error = route53Error(
        'the change of example.com',
        answered(code, 400, 'AWS says so'),
        assert.fail,
      );
      assert.deepEqual([error.kind, error.code, error.action], [kind, code, action]);
      assert.equal(error.retryAfterMs, waitMs);
      assert.match(error.message, /the change of example\.com.*AWS says so/);
    }
  }
});

test('Route 53: what is in no row', () => {
  const dispatcher = new Agent();
  const outcome = (error: Error) => {
    const { kind, code, scope } = route53Error('the zone', error, () =>
      unanswered('the zone', error, dispatcher, new URL('https://route53.amazonaws.com')),
    );
    return [kind, code, scope];
  };
  assert.deepEqual(outcome(answered('InternalError', 500, 'try again')), ['retry', 'InternalError', 'zone']);
  assert.deepEqual(outcome(answered('StrangeRecord', 400, 'no')), ['retry', 'StrangeRecord', 'names']);
  assert.deepEqual(outcome(new Error('connect ECONNREFUSED 192.0.2.1:443')), ['retry', 'network', 'zone']);
  const raced =
    "[Tried to create resource record set [name='app.example.com.', type='A'] but it already exists]";
  assert.deepEqual(outcome(answered('InvalidChangeBatch', 400, raced)), [
    'conflict',
    'InvalidChangeBatch',
    'names',
  ]);
});

test('ExternalDNS: each status of the API server', () => {
  const outcome = (status: number, retryAfterMs?: number, cause?: Error) => {
    const answer = new KubeError('PATCH /x failed', { status, reason: 'Unknown', retryAfterMs, cause });
    const error = externalDnsError(answer);
    assert.ok(error instanceof DnsError);
    return [error.kind, error.code, error.retryAfterMs];
  };
  for (const { codes: statuses, kind, name: code, waitMs } of EXTERNAL_DNS_ERRORS) {
    for (const status of statuses) assert.deepEqual(outcome(status), [kind, code, waitMs]);
  }
  assert.deepEqual(outcome(429, 7_000), ['rate', 'busy', 7_000]);
  assert.deepEqual(outcome(503), ['retry', '503', undefined]);
  assert.deepEqual(outcome(0), ['retry', 'network', undefined]);
  assert.deepEqual(outcome(0, undefined, new DeadlineError('x', 1)), ['retry', 'timeout', undefined]);
  const bug = new TypeError('not of the API server');
  assert.equal(externalDnsError(bug), bug);
});

test('Webhook providers: each status, and a body that is no trouble for a log', () => {
  for (const { codes: statuses, kind, name: code, waitMs } of WEBHOOK_ERRORS) {
    for (const status of statuses) {
      const error = statusError('the change', status, '', undefined);
      assert.deepEqual([error.kind, error.code, error.retryAfterMs], [kind, code, waitMs]);
    }
  }
  assert.equal(statusError('the change', 429, '', 7_000).retryAfterMs, 7_000);
  const { kind, code, message } = statusError(
    'the change',
    500,
    ` no\n\u001b[31mway ${'x'.repeat(999)}`,
    undefined,
  );
  assert.deepEqual([kind, code], ['retry', '500']);
  assert.match(message, /^the provider answered the change with HTTP 500: no \[31mway x+$/);
  assert.ok(message.length < 300);
});

/** As the SDK throws what came as an answer. */
function answered(name: string, httpStatusCode: number, message: string): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}
