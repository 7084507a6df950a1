import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Status } from '../../contract/status.ts';
import { statusAt } from '../../test/support/status.ts';
import { LastPublished } from './last-published.ts';

const status = (epoch: number, site: string, more: Partial<Status> = {}) =>
  statusAt(site, { epoch, ...more });

function scene() {
  let elapsed = 0;
  const last = new LastPublished({ elapsed: () => elapsed });
  const after = (ms: number, noted: Status) => {
    elapsed += ms;
    last.note(noted);
  };
  const held = () => `${last.epoch} ${last.status?.activeNode ?? 'nowhere'}`;
  return { after, held, pass: (ms: number) => (elapsed += ms) };
}

describe('what a process has seen published last', () => {
  test('is the highest epoch, as it was told last, with the first site that it named', () => {
    const { after, held } = scene();
    assert.equal(held(), '0 nowhere');
    after(0, status(4, 'us'));
    after(0, status(4, 'us', { activeNode: 'us-2' }));
    after(0, status(4, 'eu'));
    after(0, status(900_000_000_001, 'eu'));
    assert.equal(held(), '4 us-2');
  });

  test('is held against an older copy, and against a leader who knows no better and has found nothing', () => {
    const { after, held, pass } = scene();
    after(0, status(4, 'us'));
    after(0, status(2, 'eu'));
    after(20_000, status(2, 'eu', { phase: 'Held' }));
    pass(86_400_000);
    assert.equal(held(), '4 us-1');
  });

  test('is not held any more when a leader below has found the primary, but its epoch is not given again', () => {
    const { after, held, pass } = scene();
    after(0, status(4, 'us'));
    after(0, status(2, 'eu'));
    pass(29_000);
    assert.equal(held(), '4 us-1');
    pass(2_000);
    assert.equal(held(), '4 nowhere');
    after(0, status(2, 'eu', { phase: 'Held' }));
    assert.equal(held(), '4 nowhere');
    after(0, status(5, 'eu'));
    assert.equal(held(), '5 eu-1');
  });
});
