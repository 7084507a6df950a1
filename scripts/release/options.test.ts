import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readReleaseOptions } from './options.ts';

const VERSIONS = { 'package.json': '0.2.0', 'Chart.yaml (version)': '0.2.0' };
const RIGHT = { REGISTRY: 'registry.example.com:5000/team', VERSION: '0.2.0' };

test('a registry and the version of the files are enough', () => {
  const { registry, version, push, key } = readReleaseOptions(RIGHT, VERSIONS);
  assert.deepEqual([registry, version, push, key], [RIGHT.REGISTRY, '0.2.0', true, undefined]);
});

for (const [what, env, says] of [
  [
    'no registry',
    { REGISTRY: undefined },
    /^REGISTRY must be a registry and a folder, such as .* \(got: ""\)$/,
  ],
  ['a registry with a scheme', { REGISTRY: 'oci://registry.example.com' }, /^REGISTRY must be/],
  ['no version', { VERSION: '' }, /^VERSION must be a version such as 0\.1\.0 \(got: ""\)$/],
  ['a tag instead of a version', { VERSION: 'v0.2.0' }, /^VERSION must be a version/],
  [
    'another version than that of the files',
    { VERSION: '0.3.0' },
    /^VERSION is 0\.3\.0, but package\.json says 0\.2\.0/,
  ],
  ['a base without a digest', { BASE: 'node:24' }, /^BASE must name an image with its digest/],
] as const) {
  test(`${what} is refused with one line`, () => {
    assert.throws(
      () => readReleaseOptions({ ...RIGHT, ...env }, VERSIONS),
      (error: Error) => says.test(error.message) && !error.message.includes('\n'),
    );
  });
}
