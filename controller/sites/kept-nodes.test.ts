import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Status } from '../../contract/status.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import type { ResolvedObservation } from '../decide.ts';
import { type NodeFacts, placeNodes } from './kept-nodes.ts';
import { Sites } from './sites.ts';

const SITES = new Sites([
  { name: 'us', nodeNames: [], nodeSelector: 'zone=us' },
  { name: 'eu', nodeNames: [], nodeSelector: 'zone=eu' },
  { name: 'ap', nodeNames: ['ap-1'] },
]);
const LOST: ResolvedObservation = { kind: 'unknown', reason: 'NodeWithoutSite', message: 'nowhere' };
const BEFORE = { activeSite: 'us', activeNode: 'us-1', sites: { us: ['us-1'], eu: ['eu-1'], ap: ['ap-1'] } };

/** `us-1=us eu-1` is a node with the label of us, and one without labels. */
function nodes(text: string): Map<string, KubeObject> {
  return new Map(
    text.split(' ').map((part) => {
      const [name = '', zone] = part.split('=');
      const labels: Readonly<Record<string, string>> = zone === undefined ? {} : { zone };
      return [name, { metadata: { name, labels } }];
    }),
  );
}

function place(text: string, more: Partial<NodeFacts> = {}, sites = SITES): Status['sites'] {
  const facts = { before: BEFORE, resolved: LOST, nodes: nodes(text), unused: new Set<string>(), ...more };
  return placeNodes(sites, facts).sites;
}

const located = (node: string, site: string): ResolvedObservation => ({
  kind: 'located',
  primary: 'pg-1',
  node,
  site,
});

describe('a node', () => {
  test('that has lost its labels, or came again without any, stays in its last known site', () => {
    assert.deepEqual(place('us-1 eu-1=eu'), BEFORE.sites);
    assert.deepEqual(place('us-1=other eu-1=eu'), BEFORE.sites);
  });

  test('goes where another site claims it', () => {
    assert.deepEqual(place('us-1=eu eu-1=eu'), { us: [], eu: ['eu-1', 'us-1'], ap: ['ap-1'] });
  });

  test('stays where it is when two sites claim it, and is in none when it was in none', () => {
    const overlapping = new Sites([
      { name: 'us', nodeNames: [], nodeSelector: 'zone' },
      { name: 'eu', nodeNames: [], nodeSelector: 'zone=eu' },
    ]);
    assert.deepEqual(place('us-1=eu new-1=eu', {}, overlapping).us, ['us-1']);
    const facts = { before: BEFORE, resolved: LOST, nodes: nodes('us-1=eu'), unused: new Set<string>() };
    assert.deepEqual(placeNodes(overlapping, facts).kept, [
      'node us-1 is claimed by us and eu and is kept in us',
    ]);
  });

  test('that is gone stays while something of ours runs on it', () => {
    assert.deepEqual(place('us-1=us'), BEFORE.sites);
    assert.deepEqual(place('us-1=us', { unused: new Set(['eu-1']) }).eu, []);
  });

  test('that is gone stays while it is held as the primary’s own', () => {
    const unused = new Set(['us-1']);
    assert.deepEqual(place('eu-1=eu', { unused }).us, ['us-1']);
    assert.deepEqual(place('eu-1=eu', { unused, resolved: located('eu-1', 'eu') }).us, []);
  });

  test('that was never in a site is in none', () => {
    assert.deepEqual(place('us-1=us eu-1=eu lost-1'), BEFORE.sites);
    assert.deepEqual(place('lost-1', { before: undefined }), { us: [], eu: [], ap: ['ap-1'] });
  });

  test('on which the primary was found just now is in that site, though the watch is behind', () => {
    assert.deepEqual(place('us-1=us eu-1=eu', { resolved: located('eu-2', 'eu') }).eu, ['eu-1', 'eu-2']);
  });

  test('with a name that no node can have was written by hand, and is left out', () => {
    const sites = { us: ['us-1', 'x,metadata.name=y', ''] };
    assert.deepEqual(place('us-1', { before: { ...BEFORE, sites } }).us, ['us-1']);
  });
});

describe('after a change of the configuration', () => {
  const renamed = new Sites([
    { name: 'america', nodeNames: [], nodeSelector: 'zone=us' },
    { name: 'eu', nodeNames: [], nodeSelector: 'zone=eu' },
  ]);

  test('a selector that matches nothing empties no site', () => {
    const edited = new Sites([{ name: 'us', nodeNames: [], nodeSelector: 'zone=typo' }]);
    assert.deepEqual(place('us-1=us', {}, edited).us, ['us-1']);
  });

  test('the active site holds all its nodes under its old name, until the primary is found in a site', () => {
    const held = place('us-1=us eu-1=eu', {}, renamed);
    assert.deepEqual([held.us, held.america], [['us-1'], []]);
    const found = place('us-1=us eu-1=eu', { resolved: located('us-1', 'america') }, renamed);
    assert.deepEqual([found.us, found.america], [undefined, ['us-1']]);
  });

  test('another site that is no more goes when nothing of ours runs there', () => {
    const without = new Sites([{ name: 'us', nodeNames: [], nodeSelector: 'zone=us' }]);
    const facts = { before: BEFORE, resolved: located('us-1', 'us'), nodes: nodes('us-1=us eu-1=eu') };
    const placed = placeNodes(without, { ...facts, unused: new Set() });
    assert.deepEqual([placed.sites.eu, placed.doubtful], [['eu-1'], ['eu-1', 'ap-1']]);
    const asked = placeNodes(without, { ...facts, unused: new Set(placed.doubtful) });
    assert.deepEqual(asked.sites, { us: ['us-1'] });
  });

  test('a node that is named no more stays as long as something of ours runs on it', () => {
    const byName = new Sites([{ name: 'ap', nodeNames: ['ap-1'] }]);
    const before = { activeSite: 'ap', activeNode: 'ap-1', sites: { ap: ['ap-1', 'ap-2'] } };
    const facts = { before, resolved: located('ap-1', 'ap'), nodes: new Map() };
    const kept = placeNodes(byName, { ...facts, unused: new Set() });
    assert.deepEqual(kept, { sites: { ap: ['ap-1', 'ap-2'] }, doubtful: ['ap-2'], kept: [] });
    assert.deepEqual(placeNodes(byName, { ...facts, unused: new Set(['ap-2']) }).sites, { ap: ['ap-1'] });
  });
});

test('nobody has to ask about a node that stands, or has only lost its labels', () => {
  const facts = { before: BEFORE, resolved: LOST, nodes: nodes('us-1 eu-1=eu'), unused: new Set<string>() };
  assert.deepEqual(placeNodes(SITES, facts).doubtful, []);
  assert.deepEqual(placeNodes(SITES, { ...facts, nodes: nodes('us-1') }).doubtful, ['eu-1']);
});

test('whatever nodes do: none is in two sites, and none that exists goes from a site to nowhere', () => {
  const zones = fc.constantFrom('us', 'eu', 'none');
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const world = fc.dictionary(name, zones, { noNullPrototype: true });
  fc.assert(
    fc.property(fc.array(world, { minLength: 1, maxLength: 8 }), (worlds) => {
      let before: NodeFacts['before'];
      for (const labels of worlds) {
        const known = new Map(
          Object.entries(labels).map(([name, zone]) => [name, { metadata: { name, labels: { zone } } }]),
        );
        const { sites } = placeNodes(SITES, {
          before,
          resolved: LOST,
          nodes: known,
          unused: new Set('abcd'),
        });
        const all = Object.values(sites).flat();
        assert.equal(new Set(all).size, all.length);
        const placed = Object.values(before?.sites ?? {}).flat();
        for (const node of placed) if (known.has(node)) assert.ok(all.includes(node), node);
        before = { activeSite: '', activeNode: '', sites };
      }
    }),
  );
});
