import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explain } from '../runtime/explain.ts';
import {
  ignoreNotFound,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isNotFound,
  KubeError,
  mayBeStored,
} from './errors.ts';

const failure = (status: number, reason = 'Some') => new KubeError('it failed', { status, reason });
const QUESTIONS = { isNotFound, isConflict, isAlreadyExists, isGone, isForbidden, mayBeStored };

describe('what is asked of a failure', () => {
  const cases: readonly [string, unknown, readonly (keyof typeof QUESTIONS)[]][] = [
    ['404', failure(404), ['isNotFound']],
    ['409 Conflict', failure(409, 'Conflict'), ['isConflict', 'mayBeStored']],
    ['409 AlreadyExists', failure(409, 'AlreadyExists'), ['isAlreadyExists', 'mayBeStored']],
    ['410 Gone', failure(410, 'Gone'), ['isGone']],
    ['410 Expired', failure(410, 'Expired'), ['isGone']],
    ['403', failure(403), ['isForbidden']],
    ['408', failure(408), ['mayBeStored']],
    ['422', failure(422), []],
    ['500', failure(500), ['mayBeStored']],
    ['no answer', failure(0, 'NoAnswer'), ['mayBeStored']],
    ['another Error with a status', Object.assign(new Error('x'), { status: 404 }), ['mayBeStored']],
    ['nothing', undefined, ['mayBeStored']],
  ];
  for (const [name, error, expected] of cases) {
    test(name, () => {
      const answers = Object.entries(QUESTIONS).filter(([, ask]) => ask(error));
      assert.deepEqual(
        answers.map(([question]) => question),
        expected,
      );
    });
  }
});

test('only what does not exist is let pass', async () => {
  assert.equal(await Promise.reject(failure(404)).catch(ignoreNotFound), undefined);
  const forbidden = failure(403);
  await assert.rejects(Promise.reject(forbidden).catch(ignoreNotFound), forbidden);
});

test('a failure keeps what the server said', () => {
  const cause = new Error('reset');
  const error = new KubeError('it failed', { status: 429, reason: 'TooMany', retryAfterMs: 1_000, cause });
  assert.deepEqual(
    [error.status, error.reason, error.retryAfterMs, error.cause],
    [429, 'TooMany', 1_000, cause],
  );
  assert.equal('cause' in failure(500), false);
});

describe('an explanation', () => {
  const chain = (...texts: string[]) =>
    texts.reduceRight<Error | undefined>((cause, text) => new Error(text, { cause }), undefined);
  const circle = new Error('one');
  circle.cause = new Error('two', { cause: circle });

  const cases: readonly [string, unknown, string][] = [
    ['has the causes', chain('outer', 'inner'), 'outer: inner'],
    ['does not repeat a cause that is told already', chain('outer (inner)', 'inner'), 'outer (inner)'],
    ['has four parts at most', chain('a1', 'b2', 'c3', 'd4', 'e5'), 'a1: b2: c3: d4'],
    ['is one line', new Error('first\n  second\tthird '), 'first second third'],
    ['names an error without a text', new TypeError(), 'TypeError'],
    ['of several errors without a text has the first', new AggregateError([new Error('refused')]), 'refused'],
    ['of several errors of which none is there names the kind', new AggregateError([]), 'AggregateError'],
    ['tells of what is no error', 'secret text', 'not an Error but string'],
    ['of nothing', undefined, 'unknown error'],
    ['of null', null, 'unknown error'],
    ['comes to an end in a circle of causes', circle, 'one: two'],
  ];
  for (const [name, error, text] of cases) test(name, () => assert.equal(explain(error), text));
});
