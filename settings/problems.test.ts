import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toProblem } from './problems.ts';

function shown(got: unknown): string {
  return toProblem({ key: 'URL', got, problem: 'must be another one' }, []).got;
}

test('what a URL has beside its place is not shown: there may be a password or a token in it', () => {
  for (const [got, expected] of [
    ['https://ann:s3cret@west.test/page', 'https://***@west.test/page'],
    ['https://ann:s3@cret@west.test', 'https://***@west.test'],
    ['https://west.test/page?token=s3cret#s3cret', 'https://west.test/page?***#***'],
    [[{ url: 'https://s3cret@west.test' }], '[{"url":"https://***@west.test"}]'],
    ['https://west.test/@page', 'https://west.test/@page'],
    ['west.test', 'west.test'],
  ] as const)
    assert.equal(shown(got), expected);
});
