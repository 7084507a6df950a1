import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Sites } from './sites.ts';

const node = (name: string, labels?: Record<string, string>) => ({
  metadata: { name, ...(labels !== undefined && { labels }) },
});
const SITES = new Sites([
  { name: 'us', nodeNames: ['us-1', 'us-2'] },
  { name: 'eu', nodeNames: ['eu-1'], nodeSelector: 'region=eu' },
  { name: 'ap', nodeNames: [], nodeSelector: 'region in (ap,eu-ap),!cordoned' },
  { name: 'all', nodeNames: [], nodeSelector: 'region=both' },
  { name: 'every', nodeNames: [], nodeSelector: 'region=both,zone' },
]);

describe('the site of a node', () => {
  const cases: readonly [string, ReturnType<typeof node>, string | undefined][] = [
    ['that a site names', node('us-1'), 'us'],
    ['that a site names, though the labels say another', node('us-1', { region: 'eu' }), 'us'],
    ['that a selector matches', node('eu-7', { region: 'eu' }), 'eu'],
    ['that a selector with several terms matches', node('ap-7', { region: 'eu-ap' }), 'ap'],
    [
      'that a selector with several terms leaves out',
      node('ap-8', { region: 'ap', cordoned: '' }),
      undefined,
    ],
    ['that two selectors claim', node('x', { region: 'both', zone: 'a' }), undefined],
    ['that one of two similar selectors claims', node('x', { region: 'both' }), 'all'],
    ['without labels', node('x'), undefined],
    ['whose name only begins like a configured one', node('us-10'), undefined],
    ['with a name that every object has', node('constructor'), undefined],
  ];
  for (const [name, given, site] of cases) test(name, () => assert.equal(SITES.of(given)?.name, site));
});

describe('the nodes of the sites', () => {
  test('are those configured, and those that a selector matches, sorted', () => {
    const nodes = [
      node('us-3', { region: 'us' }),
      node('ap-2', { region: 'ap' }),
      node('eu-0', { region: 'eu' }),
      node('ap-1', { region: 'ap' }),
      node('us-1', { region: 'eu' }),
    ];
    assert.deepEqual(SITES.resolve(nodes), {
      us: ['us-1', 'us-2'],
      eu: ['eu-0', 'eu-1'],
      ap: ['ap-1', 'ap-2'],
      all: [],
      every: [],
    });
  });

  test('do not depend on the order in which nodes are told, and no node is in two sites', () => {
    const label = fc.record({ region: fc.constantFrom('us', 'eu', 'ap', 'both'), zone: fc.constant('a') });
    const name = fc.constantFrom('us-1', 'eu-1', 'a', 'b', 'c', 'd');
    const nodes = fc.uniqueArray(fc.record({ metadata: fc.record({ name, labels: label }) }), {
      selector: ({ metadata }) => metadata.name,
    });
    fc.assert(
      fc.property(nodes, (list) => {
        const resolved = SITES.resolve(list);
        assert.deepEqual(SITES.resolve([...list].reverse()), resolved);
        const all = Object.values(resolved).flat();
        assert.equal(new Set(all).size, all.length);
        for (const given of list) {
          const site = SITES.of(given)?.name;
          if (site !== undefined) assert.ok(resolved[site]?.includes(given.metadata.name));
          else assert.ok(!all.includes(given.metadata.name));
        }
      }),
    );
  });
});

test('all sites are told that claim a node', () => {
  const names = (given: ReturnType<typeof node>) => SITES.matching(given).map(({ name }) => name);
  assert.deepEqual(names(node('x', { region: 'both', zone: 'a' })), ['all', 'every']);
  assert.deepEqual(names(node('us-1', { region: 'eu' })), ['us']);
  assert.deepEqual(names(node('x')), []);
});

test('labels are needed only where a site has a selector', () => {
  assert.equal(SITES.needLabels, true);
  assert.equal(new Sites([{ name: 'us', nodeNames: ['us-1'] }]).needLabels, false);
});

test('a site is found by its name', () => {
  assert.equal(SITES.named('eu')?.nodeSelector, 'region=eu');
  assert.equal(SITES.named(''), undefined);
});

describe('a site that is a Kubernetes cluster', () => {
  const sites = new Sites(
    [
      { name: 'east', nodeNames: [], cluster: 'pg-east' },
      { name: 'west', nodeNames: [], cluster: 'pg-west' },
    ],
    'pg-west',
  );

  test('has all nodes that there are, if it is this one', () => {
    assert.equal(sites.own?.name, 'west');
    assert.equal(sites.needLabels, true);
    assert.equal(sites.of(node('any'))?.name, 'west');
    assert.deepEqual(sites.resolve([node('b'), node('a')]), { east: [], west: ['a', 'b'] });
  });
});
