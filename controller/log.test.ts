import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsError } from '../dns/provider.ts';
import { KubeError } from '../kubernetes/errors.ts';
import { Secret } from '../settings/secret.ts';
import { createLog, type Logger } from './log.ts';

const KEY = '0123456789abcdef';

function linesOf(write: (log: Logger) => void, level = 'info'): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLog({ level, destination: { write: (line) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a line has a level, an RFC 3339 time, a constant message and its fields', () => {
  const [line] = linesOf((log) =>
    log.child({ follower: 'default' }).info({ site: 'us-east' }, 'Site changed'),
  );
  assert.ok(line);
  const { time, ...rest } = line;
  assert.deepEqual(rest, { level: 'info', follower: 'default', site: 'us-east', msg: 'Site changed' });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('less severe lines are left out', () => {
  const lines = linesOf((log) => {
    log.info('one');
    log.error('two');
  }, 'warn');
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ['two'],
  );
});

test('an error is one line for the reader, with its causes and the fields to filter by', () => {
  const refused = new Error('connect ECONNREFUSED');
  const cases: [error: unknown, shown: object][] = [
    [
      new KubeError('GET /api gave no answer', { status: 0, reason: 'NoAnswer', cause: refused }),
      { message: 'GET /api gave no answer: connect ECONNREFUSED', status: 0, reason: 'NoAnswer' },
    ],
    [
      new DnsError('address refused', { kind: 'config', code: '1011150', action: 'Allow it.' }),
      { message: 'address refused', kind: 'config', code: '1011150', action: 'Allow it.' },
    ],
    ['text', { message: 'not an Error but string' }],
  ];
  for (const [error, shown] of cases) {
    assert.deepEqual(linesOf((log) => log.warn({ err: error }, 'Failed'))[0]?.err, shown);
  }
});

test('what nobody foresaw has its stack', () => {
  const [line] = linesOf((log) => log.error({ err: new TypeError('x is not a function') }, 'Failed'));
  assert.ok(line);
  const { type, stack } = line.err as Record<string, string>;
  assert.equal(type, 'TypeError');
  assert.match(stack ?? '', /log\.test\.ts/);
});

test('a secret is shown neither by its type nor by its name', () => {
  const lines = linesOf((log) => {
    log.info({ account: { key: new Secret(KEY) } }, 'One');
    log.info({ apiKey: KEY, call: { apiKey: KEY, headers: 1, authorization: KEY, token: KEY } }, 'Two');
    log.child({ password: KEY }).info('Three');
  });
  assert.equal(lines.length, 3);
  assert.ok(!JSON.stringify(lines).includes(KEY), JSON.stringify(lines));
});
