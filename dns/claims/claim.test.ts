import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { TextSet } from '../records.ts';
import { type Claim, claimChanges, claimName, formatClaim, latestOfOthers, parseClaim } from './claim.ts';

const EAST: Claim = { owner: 'pg-east', site: 'us-east', timeline: 7, epoch: 12 };
const WEST: Claim = { owner: 'pg-west', site: 'eu-west', timeline: 8, epoch: 3 };
const TEXT = 'v=site-follower1; owner=pg-east; site=us-east; timeline=7; epoch=12';
const AT = { name: claimName('default', 'example.com'), ttl: 60 };

const found = (...values: string[]): TextSet => ({ name: AT.name, type: 'TXT', ttl: 300, values });

describe('the text of a claim', () => {
  test('is what people can read', () => {
    assert.equal(formatClaim(EAST), TEXT);
    assert.deepEqual(parseClaim(TEXT), EAST);
    assert.equal(AT.name, '_default._site-follower.example.com');
  });

  for (const text of [
    '',
    'v=spf1 -all',
    TEXT.replace('site-follower1', 'site-follower2'),
    TEXT.replace('pg-east', ''),
    TEXT.replace('pg-east', 'pg-\neast'),
    TEXT.replace('pg-east', '\u001b[2J'),
    TEXT.replace('pg-east', 'pg east'),
    TEXT.replace('pg-east', 'x'.repeat(60_000)),
    TEXT.replace('us-east', 'x'.repeat(60_000)),
    TEXT.replace('=7', '=4294967296'),
    TEXT.replace('=7', '=seven'),
    TEXT.replace('=7', '=-7'),
    TEXT.replace('; epoch=12', ''),
    'heritage=external-dns,external-dns/owner=x',
  ]) {
    test(`is not ${JSON.stringify(text.slice(0, 80))}`, () => assert.equal(parseClaim(text), undefined));
  }

  test('comes back from whatever was written', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
        fc.nat(),
        fc.nat(),
        (owner, timeline, epoch) => {
          const claim = { owner, site: owner, timeline, epoch };
          assert.deepEqual(parseClaim(formatClaim(claim)), claim);
        },
      ),
    );
  });

  test('makes nothing of garbage', () => {
    fc.assert(
      fc.property(fc.string(), (text) => parseClaim(text) === undefined || text.includes('timeline')),
    );
  });
});

describe('the latest claim of others', () => {
  test('has the highest timeline, and is the same for all readers', () => {
    const south = formatClaim({ ...WEST, owner: 'pg-south' });
    const texts = [TEXT, 'other', formatClaim(WEST), south, formatClaim({ ...WEST, timeline: 2 })];
    assert.equal(latestOfOthers(texts, 'pg-east')?.owner, 'pg-south');
    assert.equal(latestOfOthers(texts.toReversed(), 'pg-east')?.owner, 'pg-south');
    assert.equal(latestOfOthers([TEXT], 'pg-east'), undefined);
  });
});

describe('what has to change', () => {
  test('nothing where the claim stands alone, whatever stands beside it', () => {
    assert.deepEqual(claimChanges(EAST, found(TEXT), AT), []);
    assert.deepEqual(claimChanges(EAST, found('v=spf1 -all', TEXT), AT), []);
  });

  test('it is made, or put in the place of others', () => {
    const desired = { ...found(TEXT), ttl: 60 };
    assert.deepEqual(claimChanges(EAST, undefined, AT), [{ action: 'create', desired }]);
    const before = found(formatClaim(WEST), 'v=spf1 -all', formatClaim({ ...EAST, timeline: 6 }));
    assert.deepEqual(claimChanges(EAST, before, AT), [
      { action: 'update', current: before, desired: found(TEXT, 'v=spf1 -all') },
    ]);
  });
});
