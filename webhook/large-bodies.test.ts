import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { systemClock } from '../runtime/clock.ts';
import { LargeBodies } from './large-bodies.ts';

const STRANGER = '127.0.0.66';
const API_SERVER = '127.0.0.1';

function gate() {
  const timers: (() => void)[] = [];
  const after = (_: number, task: () => void) => {
    timers.push(task);
    return () => undefined;
  };
  const bodies = new LargeBodies({ ...systemClock, after });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const add = (what: string, client: string) => {
    const request = new PassThrough();
    bodies.add(client, request, () => {
      begun.push(what);
      return new Promise((resolve) => ends.set(what, resolve));
    });
    return request;
  };
  const end = async (what: string) => {
    ends.get(what)?.();
    await turn();
  };
  return { add, begun, timers, end };
}

test('two large bodies are read at a time, each client in turn', async () => {
  const { add, begun, end } = gate();
  for (const what of ['a', 'b', 'c', 'd']) add(what, STRANGER);
  add('pod', API_SERVER);
  assert.deepEqual(begun, ['a', 'b']);
  await end('a');
  assert.deepEqual(begun, ['a', 'b', 'c']);
  await end('b');
  assert.deepEqual(begun, ['a', 'b', 'c', 'pod']);
});

test('one that does not come holds up nobody for long, and who went away is passed over', async () => {
  const { add, begun, timers, end } = gate();
  add('slow', STRANGER);
  add('b', STRANGER);
  add('gone', STRANGER).destroy();
  add('pod', API_SERVER);
  timers[0]?.();
  assert.deepEqual(begun, ['slow', 'b', 'pod']);
  // It has made way already.
  await end('slow');
  add('next', API_SERVER);
  assert.deepEqual(begun, ['slow', 'b', 'pod']);
  await end('b');
  assert.deepEqual(begun, ['slow', 'b', 'pod', 'next']);
});
