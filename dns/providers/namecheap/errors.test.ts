import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiError, ERROR_TABLE } from './errors.ts';

test('no code stands in two rows, and each gives the kind and action of its row', () => {
  const codes = ERROR_TABLE.flatMap((row) => row.codes);
  assert.equal(new Set(codes).size, codes.length);
  for (const row of ERROR_TABLE) {
    for (const code of row.codes) {
      const error = apiError('getHosts for example.com', [{ code, text: 'the API says so' }]);
      assert.deepEqual(
        [error.kind, error.action, error.code, error.retryAfterMs],
        [row.kind, row.action, code, row.waitMs],
      );
      assert.match(error.message, /getHosts for example\.com: the API says so/);
    }
  }
});
