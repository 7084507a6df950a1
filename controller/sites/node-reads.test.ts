import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeApi } from '../../kubernetes/api.ts';
import { NodeReads } from './node-reads.ts';

test('a node that was expected is asked for once, and who asks for it gets the error', async () => {
  const asked: string[] = [];
  const get = async (_resource: unknown, { name }: { readonly name: string }) => {
    asked.push(name);
    if (name === 'gone') throw new Error('it does not exist');
    return { metadata: { name } };
  };
  const nodes = new NodeReads({ get } as unknown as KubeApi, new AbortController().signal);
  nodes.expect('a');
  nodes.expect('gone');
  assert.deepEqual(await nodes.get('a'), { metadata: { name: 'a' } });
  await assert.rejects(nodes.get('gone'), /does not exist/);
  await nodes.get('b');
  assert.deepEqual(asked, ['a', 'gone', 'b']);
});

test('a node that is expected again is read again: the first answer may be of before', async () => {
  let version = 0;
  const get = async () => {
    version += 1;
    return { metadata: { name: `version ${version}` } };
  };
  const nodes = new NodeReads({ get } as unknown as KubeApi, new AbortController().signal);
  nodes.expect('a');
  nodes.expect('a');
  assert.deepEqual(await nodes.get('a'), { metadata: { name: 'version 2' } });
  assert.deepEqual(await nodes.get('a'), { metadata: { name: 'version 2' } });
});
