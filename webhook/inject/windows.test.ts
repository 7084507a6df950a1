import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isForWindows } from './windows.ts';

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: string[];
}

const OS = 'kubernetes.io/os';
const term = (...matchExpressions: Requirement[]) => ({ matchExpressions });
const affinity = (...nodeSelectorTerms: ReturnType<typeof term>[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});
const windows = { key: OS, operator: 'In', values: ['windows'] };
const either = { key: OS, operator: 'In', values: ['windows', 'linux'] };
const build = { key: 'node.kubernetes.io/windows-build', operator: 'Exists' };

for (const { what, spec, wanted } of [
  { what: 'nothing', spec: {}, wanted: false },
  { what: 'its os', spec: { os: { name: 'windows' } }, wanted: true },
  { what: 'another os', spec: { os: { name: 'linux' } }, wanted: false },
  { what: 'a node selector', spec: { nodeSelector: { [OS]: 'windows' } }, wanted: true },
  { what: 'its old label', spec: { nodeSelector: { 'beta.kubernetes.io/os': 'windows' } }, wanted: true },
  { what: 'the build of a node', spec: { nodeSelector: { [build.key]: '10.0.20348' } }, wanted: true },
  { what: 'an affinity', spec: affinity(term(windows)), wanted: true },
  { what: 'an affinity to a build', spec: affinity(term(build)), wanted: true },
  {
    what: 'an affinity to none with Linux',
    spec: affinity(term({ key: OS, operator: 'NotIn', values: ['linux'] })),
    wanted: true,
  },
  { what: 'an affinity in each term', spec: affinity(term(windows), term(build)), wanted: true },
  { what: 'an affinity in one term of two', spec: affinity(term(windows), term()), wanted: false },
  { what: 'an affinity to both', spec: affinity(term(either)), wanted: false },
]) {
  test(`${what} ${wanted ? 'makes' : 'does not make'} it a pod for Windows alone`, () => {
    assert.equal(isForWindows(spec), wanted);
  });
}
