import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { exclusively } from './file-lock.ts';
import { startProcess } from './process.ts';

const folder = mkdtempSync(join(tmpdir(), 'lock-'));
after(() => rmSync(folder, { recursive: true }));
const limit = () => AbortSignal.timeout(20_000);

test('lets one task run at a time, and says that it waits', async () => {
  const file = join(folder, 'deep', 'one');
  let running = 0;
  let waits = 0;
  const task = async () => {
    running++;
    assert.equal(running, 1);
    await new Promise((resolve) => setImmediate(resolve));
    running--;
    return 'done';
  };
  const results = await Promise.all([1, 2, 3].map(() => exclusively(file, task, () => waits++, limit())));
  assert.deepEqual(results, ['done', 'done', 'done']);
  assert.equal(waits, 2);
});

test('is free again after a task that failed', async () => {
  const file = join(folder, 'two');
  const fail = () => Promise.reject(new Error('broken'));
  await assert.rejects(exclusively(file, fail, assert.fail, limit()), /broken/);
  await exclusively(file, () => Promise.resolve(), assert.fail, limit());
});

test('stops waiting when told', async () => {
  const file = join(folder, 'three');
  const stop = new AbortController();
  await exclusively(
    file,
    () =>
      assert.rejects(
        exclusively(
          file,
          () => Promise.resolve(),
          () => stop.abort(),
          stop.signal,
        ),
        { name: 'AbortError' },
      ),
    assert.fail,
    limit(),
  );
});

test('keeps other processes out, and is free when its holder is killed', async () => {
  const file = join(folder, 'four');
  const module = JSON.stringify(join(import.meta.dirname, 'file-lock.ts'));
  const script = `import(${module}).then(({ exclusively }) => exclusively(
    ${JSON.stringify(file)}, () => { console.log('held'); return new Promise(() => setInterval(() => {}, 1000)); },
    () => {}, new AbortController().signal));`;
  const holder = await startProcess('holder', [process.execPath, '-e', script]);
  await holder.waitForLine((line) => line === 'held' || undefined, 10_000);
  let waited = false;
  const onWait = () => {
    waited = true;
    holder.signal('SIGKILL');
  };
  await exclusively(file, () => Promise.resolve(), onWait, limit());
  assert.ok(waited);
});
