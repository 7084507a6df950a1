import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordStatus } from '../../../dns/follower/record-status.ts';
import { createMetrics } from '../../metrics.ts';
import { recordCounts } from './record-counts.ts';

test('a zone that has no records any more has none that are behind', async () => {
  const metrics = createMetrics('1');
  const count = recordCounts({ follower: 'default', provider: 'route53' }, metrics);
  const wanted: RecordStatus = {
    zone: 'example.com',
    name: 'app.dev.example.com',
    type: 'A',
    wanted: ['192.0.2.1'],
  };
  const counted = async (zone: string) =>
    [...(await metrics.expose()).matchAll(/dns_records\{.*zone="([^"]*)",progress="(\w+)"\} (\d+)/g)].flatMap(
      ([, of, progress, number]) => (of === zone ? [`${progress} ${number}`] : []),
    );
  count([wanted]);
  assert.deepEqual(await counted('example.com'), ['wanted 1', 'accepted 0', 'seen 0']);
  const accepted = { values: ['192.0.2.1'], at: '2026-01-01T00:00:00.000Z' };
  count([{ ...wanted, zone: 'dev.example.com', accepted }]);
  assert.deepEqual(await counted('example.com'), ['wanted 0', 'accepted 0', 'seen 0']);
  assert.deepEqual(await counted('dev.example.com'), ['wanted 1', 'accepted 1', 'seen 0']);
});
