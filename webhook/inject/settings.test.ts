import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ANNOTATIONS } from '../../contract/names.ts';
import { readQuantity } from './quantity.ts';
import { readSettings } from './settings.ts';

const DEFAULTS = { cpuRequest: '5m', cpuLimit: undefined, memoryRequest: '32Mi', memoryLimit: '64Mi' };
const problemsOf = (annotations: Record<string, string>) => readSettings(annotations, DEFAULTS).problems;

describe('without annotations', () => {
  test('the defaults of the contract hold', () => {
    assert.deepEqual(readSettings({}, DEFAULTS), {
      settings: {
        follower: 'default',
        gate: 'readiness',
        whenStale: 'hold',
        onStandby: undefined,
        onActive: undefined,
        hookTimeout: 5,
        hookRetries: 5,
        staleAfter: 120,
        port: 9911,
        probePort: 9912,
        resources: DEFAULTS,
      },
      problems: [],
    });
  });
});

describe('a value at its bounds', () => {
  const cases: [annotation: string, good: string[], bad: string[]][] = [
    [
      ANNOTATIONS.port,
      ['1024', '65535', '09000'],
      ['1023', '65536', '', ' 9000', '9e3', '0x2328', '9000.0', '-9000'],
    ],
    [ANNOTATIONS.probePort, ['1024', '65535'], ['1023', '65536', '99999999999']],
    [ANNOTATIONS.staleAfter, ['5', '86400'], ['4', '86401', '1m']],
    [ANNOTATIONS.follower, ['a', 'a-1', 'a'.repeat(32)], ['', 'A', '-a', 'a-', 'a.b', 'a\n', 'a'.repeat(33)]],
    [ANNOTATIONS.gate, ['readiness', 'condition', 'none'], ['conditions', 'Readiness', '']],
    [
      ANNOTATIONS.onStandby,
      ['8080/drain', ':80/', '65535/a?b=c'],
      ['8080', '/drain', '0/x', '65536/x', 'localhost:8080/x', '8080/a b', '80/ä', ''],
    ],
    [ANNOTATIONS.onActive, ['1/'], ['http://localhost:8080/x']],
    [ANNOTATIONS.hookTimeout, ['1', '300'], ['0', '301', '5s']],
    [ANNOTATIONS.hookRetries, ['0', '100'], ['101', '-1']],
    [ANNOTATIONS.whenStale, ['hold', 'standby'], ['true', '']],
    [ANNOTATIONS.cpuRequest, ['0', '1m', '.5', '1e-3'], ['1 m', '1mi', '+1', '-1', '1,5', 'NaN', '']],
    [ANNOTATIONS.cpuLimit, ['10m', '2', `${'0'.repeat(31)}2`], ['9m', '4m', `${'0'.repeat(32)}2`]],
    [ANNOTATIONS.memoryRequest, ['1Mi', '64Mi'], ['1023Ki', '64m', '65Mi']],
    [ANNOTATIONS.memoryLimit, ['32Mi', '33554432', '1Gi'], ['31Mi', '64m', '0', '64MB', '64mi']],
  ];
  for (const [annotation, good, bad] of cases) {
    for (const value of good) {
      test(`${annotation}: ${JSON.stringify(value)} is taken`, () => {
        assert.deepEqual(problemsOf({ [annotation]: value }), []);
      });
    }
    for (const value of bad) {
      test(`${annotation}: ${JSON.stringify(value)} is refused by its name`, () => {
        const problems = problemsOf({ [annotation]: value });
        assert.equal(problems.length, 1);
        assert.ok(problems[0]?.includes(annotation), problems[0]);
      });
    }
  }
});

describe('values that do not fit each other', () => {
  test('are told also where only one of them was set', () => {
    assert.match(problemsOf({ [ANNOTATIONS.port]: '9912' }).join(), /both are 9912/);
    assert.match(problemsOf({ [ANNOTATIONS.memoryRequest]: '65Mi' }).join(), /above the limit of 64Mi/);
  });

  test('are no problem where there is nothing to compare', () => {
    const none = {
      cpuRequest: undefined,
      cpuLimit: undefined,
      memoryRequest: undefined,
      memoryLimit: undefined,
    };
    assert.deepEqual(readSettings({ [ANNOTATIONS.memoryRequest]: '1Gi' }, none).problems, []);
  });
});

describe('whatever the annotations say', () => {
  test('every problem is short, names its annotation, and one value makes one problem', () => {
    const names = Object.values(ANNOTATIONS).filter((name) => name.startsWith('site-follower/'));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string({ maxLength: 200 })), (annotations) => {
        const problems = problemsOf(annotations);
        assert.ok(problems.length <= Object.keys(annotations).length);
        for (const problem of problems) {
          assert.ok(names.some((name) => problem.includes(name)));
          assert.ok(problem.length < 200, problem);
          assert.doesNotMatch(problem, /\n/);
        }
      }),
    );
  });
});

describe('a quantity', () => {
  for (const [text, value] of [
    ['0', 0],
    ['1', 1],
    ['1.', 1],
    ['.5', 0.5],
    ['250m', 0.25],
    ['64Mi', 67_108_864],
    ['64M', 64_000_000],
    ['1k', 1000],
    ['1E', 1e18],
    ['1e3', 1000],
    ['1E3', 1000],
    ['12e-1', 1.2],
    ['1K', undefined],
    ['1Kib', undefined],
    ['1e', undefined],
    ['1e3Mi', undefined],
    ['', undefined],
    ['.', undefined],
    ['Mi', undefined],
    ['١', undefined],
  ] as const) {
    test(`"${text}" is ${value ?? 'none'}`, () => {
      const read = readQuantity(text);
      if (value === undefined || read === undefined) assert.equal(read, value);
      else assert.ok(Math.abs(read - value) <= 1e-12 * value, String(read));
    });
  }
});
