import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { encodeStatus } from '../../contract/status.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { MountedCopy } from '../../test/support/mounted-copy.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { Readings } from '../testing/readings.ts';
import { statusWith } from '../testing/status.ts';
import { FileSource } from './file.ts';

const LIMIT = { timeout: 5_000 };

const dataOf = (epoch: number) => encodeStatus(statusWith({ epoch }));

async function copyOf(t: TestContext, data?: Record<string, string>): Promise<MountedCopy> {
  const copy = await MountedCopy.create(data);
  t.after(() => copy.remove());
  return copy;
}

function follow(t: TestContext, folder: string, clock: Clock = systemClock): Readings {
  const readings = new Readings();
  const source = new FileSource({ clock, folder, onReading: readings.take });
  source.start();
  t.after(() => source.stop());
  return readings;
}

test('reads what is there at once, and each version that the kubelet swaps in, whole', LIMIT, async (t) => {
  const copy = await copyOf(t, dataOf(1));
  const readings = follow(t, copy.folder);
  assert.deepEqual(readings.all, [{ source: 'file', uid: '', status: statusWith({ epoch: 1 }) }]);
  for (let epoch = 2; epoch < 20; epoch += 1) {
    await copy.write(dataOf(epoch));
    const all = await readings.count(epoch);
    assert.deepEqual(all.at(-1)?.status, statusWith({ epoch }));
  }
  assert.equal(readings.all.length, 19);
});

test('sees a copy that appears in an empty volume later', LIMIT, async (t) => {
  const copy = await copyOf(t);
  const readings = follow(t, copy.folder);
  assert.equal(readings.all.length, 0);
  await copy.write(dataOf(3));
  assert.equal((await readings.count(1))[0]?.status?.epoch, 3);
});

test('says that a version is malformed, and goes on with the next', LIMIT, async (t) => {
  const copy = await copyOf(t, dataOf(1));
  const readings = follow(t, copy.folder);
  const { sites: _, ...incomplete } = dataOf(2);
  await copy.write(incomplete);
  assert.equal((await readings.count(2))[1]?.status, undefined);
  await copy.write(dataOf(3));
  assert.equal((await readings.count(3))[2]?.status?.epoch, 3);
});

test('shows nothing twice', LIMIT, async (t) => {
  const copy = await copyOf(t, dataOf(1));
  const readings = follow(t, copy.folder);
  await copy.write(dataOf(1));
  await copy.write(dataOf(2));
  await readings.count(2);
  assert.deepEqual(readings.epochs, [1, 2]);
});

test('looks by itself every 10 seconds, for a folder that comes later and has no link', LIMIT, async (t) => {
  const parent = await mkdtemp(join(tmpdir(), 'volume-'));
  t.after(() => rm(parent, { recursive: true }));
  const clock = new VirtualClock();
  const readings = follow(t, join(parent, 'status'), clock);
  await clock.advance(10_000);
  assert.equal(readings.all.length, 0);
  const prepared = await mkdtemp(join(parent, 'prepared-'));
  for (const [key, value] of Object.entries(dataOf(4))) await writeFile(join(prepared, key), value);
  await rename(prepared, join(parent, 'status'));
  await clock.advance(10_000);
  assert.deepEqual(readings.epochs, [4]);
});
