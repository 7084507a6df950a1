/** What a newcomer runs, as far as it can be tried without a cluster; the rest is in test/integration and test/e2e. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { commandsOf } from './coverage.ts';
import { blocksOf, documents } from './markdown.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const all = documents().map((document) => ({
  path: document.path,
  commands: blocksOf(document).flatMap(({ text }) => commandsOf(text)),
}));

test('no command fetches the operator’s chart in a way that works only once', () => {
  // After the first run there is a Chart.lock, and then `build` wants the repository to have been added.
  const once = all.filter(({ commands }) => commands.some((command) => /^helm dep\w* build/.test(command)));
  assert.deepEqual(
    once.map(({ path }) => path),
    [],
  );
});

for (const path of ['README.md', 'docs/start.md']) {
  const commands = all.find((document) => document.path === path)?.commands ?? [];
  const indexOf = (pattern: RegExp) => commands.findIndex((command) => pattern.test(command));

  test(`${path} gives both nodes their zone before it makes a database`, () => {
    const labels = commands.filter((command) =>
      /^kubectl label node .* topology\.kubernetes\.io\//.test(command),
    );
    assert.equal(labels.length, 2);
    assert.ok(indexOf(/^kubectl label node /) < indexOf(/^helm (install|upgrade)/));
  });

  test(`${path} says where the kubeconfig of k3s is before anything needs it`, () => {
    const index = indexOf(/^export KUBECONFIG=\/etc\/rancher\/k3s\/k3s\.yaml$/);
    assert.notEqual(index, -1);
    assert.ok(index < indexOf(/^(kubectl|helm) /));
  });
}

test('docker builds the image by BuildKit, and without an attestation, which `kind load` does not find', () => {
  const said = execFileSync('make', ['--dry-run', 'image', 'ENGINE=docker'], { cwd: ROOT, encoding: 'utf8' });
  assert.match(said, /^DOCKER_BUILDKIT=1 BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker build --tag \S+ \.$/m);
});
