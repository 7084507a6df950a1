import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { apiError, ERROR_TABLE } from './cloudflare/errors.ts';
import { RCODES, rcodeError, TSIG_ACTIONS, tsigError } from './rfc2136/errors.ts';

test('docs/dns.md has every row of the tables', async () => {
  const text = await readFile(`${import.meta.dirname}/../../docs/dns.md`, 'utf8');
  const rows = [
    ...ERROR_TABLE.map(({ codes, kind, action }) => [codes.join(' '), kind, action]),
    ...Object.values(RCODES).map(({ name, kind, action }) => [name, kind, action]),
    ...Object.entries(TSIG_ACTIONS).map(([name, action]) => [name, 'config', action]),
  ];
  for (const row of rows) assert.ok(text.includes(`| ${row.join(' | ')} |`), `docs/dns.md lacks ${row[0]}`);
});

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

test('Cloudflare: what the status alone tells', () => {
  const told = (status: number, retryAfterMs?: number) => {
    const { kind, code, retryAfterMs: wait } = apiError('the zone', status, [], retryAfterMs);
    return [kind, code, wait];
  };
  assert.deepEqual(told(429, 7_000), ['rate', '429', 7_000]);
  assert.deepEqual(told(429), ['rate', '429', 300_000]);
  assert.deepEqual(told(403), ['config', '403', 120_000]);
  assert.deepEqual(told(502), ['retry', '502', undefined]);
});

test('RFC 2136: each code by its name', () => {
  for (const [rcode, { name, kind }] of Object.entries(RCODES)) {
    const error = rcodeError('the update', Number(rcode), ['app.example.com']);
    assert.deepEqual([error.kind, error.code], [kind, name]);
    assert.match(error.message, /app\.example\.com/);
  }
  assert.equal(rcodeError('the update', 11).code, 'RCODE 11');
  for (const name of Object.keys(TSIG_ACTIONS)) assert.equal(tsigError('the update', name).code, name);
});
