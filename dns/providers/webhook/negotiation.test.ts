import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock as clock } from '../../../runtime/clock.ts';
import { openWebhook } from './testing/open.ts';

const { signal: abort } = new AbortController();
const ZONES = Array.from({ length: 20 }, (_, index) => `zone-${index}.example`);

test('many zones ask once which domains are served, and all have a call left for their records', async (t) => {
  const { fake, provider } = await openWebhook(t, ZONES, clock);
  const readAll = () =>
    Promise.allSettled(ZONES.map((zone) => provider.read({ zone, names: [`app.${zone}`], abort })));
  fake.answerOnce({ status: 503, body: 'starting' });
  const states = async () => [...new Set((await readAll()).map(({ status }) => status))];
  assert.deepEqual(await states(), ['rejected'], 'all hear that it does not answer');
  assert.deepEqual(await states(), ['fulfilled'], 'and ask again');
});

test('who stops waiting leaves the question to the others', async (t) => {
  const { api } = await openWebhook(t, ZONES, clock);
  const stop = new AbortController();
  const [left, first, second] = [api.negotiate(stop.signal), api.negotiate(abort), api.negotiate(abort)];
  const reason = new Error('stopping');
  stop.abort(reason);
  await assert.rejects(left, reason);
  assert.equal(await first, await second);
  assert.equal(await api.negotiate(abort), await first);
});

test('a question for which nobody waits ends, and is asked anew', async (t) => {
  const { api } = await openWebhook(t, ZONES, clock);
  const stop = new AbortController();
  const left = api.negotiate(stop.signal);
  stop.abort(new Error('stopping'));
  await assert.rejects(left, /stopping/);
  await api.negotiate(abort);
});
