import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Environment, loadConfig } from '../config.ts';

const SITES = ['us-east', 'eu-west', 'asia'].map((name) => ({ name, cluster: `pg-${name}` }));
const TOPOLOGY = { sites: SITES, trigger: { kind: 'cnpg-topology', clusterName: 'pg-us-east' } };
const WEST = { site: 'eu-west', url: 'https://follower.eu-west.example.com/page/' };

function load(peers: unknown, follower: object = TOPOLOGY, env: Environment = {}) {
  const file = JSON.stringify({ followers: [follower], ...(peers !== undefined && { peers }) });
  return loadConfig({ CONFIG_FILE: 'file', ...env }, () => file);
}

function problems(peers: unknown, follower?: object): string[] {
  const result = load(peers, follower);
  return result.ok ? [] : result.problems.map(({ key, problem }) => `${key} ${problem}`);
}

test('peers are in the file or in a variable; none by default', () => {
  const peersOf = (result: ReturnType<typeof load>) => result.ok && result.value.peers;
  assert.deepEqual(peersOf(load(undefined)), []);
  assert.deepEqual(peersOf(load([WEST])), [WEST]);
  assert.deepEqual(peersOf(load(undefined, TOPOLOGY, { PEERS: JSON.stringify([WEST]) })), [WEST]);
});

test('each is the site of another cluster, once, with an address that has no secret in it', () => {
  const at = (key: string) => `CONFIG_FILE: peers${key}`;
  const url = 'must be an http or https URL without user, query and fragment';
  for (const wrong of [
    'https://ann:s3cret@west.test',
    'https://west.test?token=1',
    'ftp://west.test',
    'west.test',
  ])
    assert.deepEqual(problems([{ ...WEST, url: wrong }]), [`${at('[0].url')} ${url}`]);
  assert.deepEqual(problems([{ ...WEST, site: 'eu-wset' }]), [
    `${at('[0].site')} must be one of the sites (did you mean eu-west?)`,
  ]);
  assert.deepEqual(problems([{ ...WEST, site: 'us-east' }]), [
    `${at('[0].site')} must be the site of another cluster: this is the one that the controller runs in`,
  ]);
  assert.deepEqual(problems([WEST, WEST]), [`${at('[1].site')} must differ: "eu-west" is there already`]);
  assert.deepEqual(problems([{ ...WEST, adress: 'x' }]), [`${at('[0]')} has unknown keys: "adress"`]);
  assert.deepEqual(problems('eu-west'), [
    `${at('')} must be a JSON array of peers: [{"site": …, "url": …}, …]`,
  ]);
  const many = Array.from({ length: 9 }, (_, index) => ({ ...WEST, site: `site-${index}` }));
  assert.deepEqual(problems(many), [`${at('')} must have at most 8 peers`]);
});

test('they have no use where the followers have all of their sites in this cluster', () => {
  const lease = {
    sites: [{ name: 'eu-west', nodeName: 'n' }],
    trigger: { kind: 'lease', namespace: 'a', name: 'b' },
  };
  assert.deepEqual(problems([WEST], lease), [
    'CONFIG_FILE: peers[0].site has no use without a follower of the trigger cnpg-topology',
  ]);
});
