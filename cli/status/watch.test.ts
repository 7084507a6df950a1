import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { PROGRAM } from '../../contract/names.ts';
import { encodeStatus } from '../../contract/status.ts';
import { CONFIG_MAPS, type ConfigMap, LEASES } from '../../kubernetes/resources.ts';
import { FakeCluster } from '../../test/support/fake-cluster.ts';
import type { Terminal } from '../terminal.ts';
import { NAMESPACE, STATUS, statusMap } from '../testing/scene.ts';
import { recordingTerminal } from '../testing/terminal.ts';
import { watchStatus } from './watch.ts';

const LEASE = { namespace: NAMESPACE, name: PROGRAM };
const leaseAt = (second: number) => ({
  metadata: LEASE,
  spec: { holderIdentity: 'one', leaseDurationSeconds: 10, renewTime: `2026-01-01T00:00:0${second}.000000Z` },
});

let kube: FakeCluster;
let stop: AbortController;

const watch = (format: 'text' | 'yaml', given: Partial<Terminal> = {}) => {
  const terminal = recordingTerminal({ clock: kube.process, abort: stop.signal, ...given });
  const session = { api: kube.api, contextNamespace: NAMESPACE };
  const outcome = watchStatus(session, { namespace: NAMESPACE, follower: undefined }, format, terminal);
  return { terminal, outcome };
};

beforeEach(() => {
  kube = new FakeCluster([NAMESPACE]);
  kube.create<ConfigMap>(CONFIG_MAPS, statusMap());
  kube.create(LEASES, leaseAt(0));
  stop = new AbortController();
});

describe('the watch of the status', () => {
  test('prints one after the other where there is no terminal, and none for a renewal of the Lease', async () => {
    const { terminal, outcome } = watch('yaml');
    await kube.clock.advance(5_000);
    const sites = () => [...terminal.said.out.matchAll(/^ +activeSite: (\S+)$/gm)].map(([, site]) => site);
    assert.deepEqual(sites(), ['us-east']);
    kube.change(LEASES, leaseAt(5));
    await kube.clock.advance(5_000);
    assert.deepEqual(sites(), ['us-east']);
    const data = encodeStatus({ ...STATUS, activeSite: 'us-west', epoch: 51 });
    kube.change(CONFIG_MAPS, { metadata: { ...statusMap().metadata }, data });
    await kube.clock.advance(500);
    assert.deepEqual(sites(), ['us-east', 'us-west']);
    assert.equal(terminal.said.out.match(/^---$/gm)?.length, 1);
    stop.abort();
    await kube.clock.advance(500);
    assert.equal(await outcome, 'interrupted');
    assert.equal(kube.process.pending, 0);
  });

  test('says below what it has drawn when nothing new comes, and why', async () => {
    const { terminal, outcome } = watch('text', { size: () => ({ columns: 120, rows: 40 }) });
    const lastLine = () => terminal.said.out.split('\n').at(-1) ?? '';
    await kube.clock.advance(5_000);
    assert.match(lastLine(), /live, Ctrl-C to end/);
    kube.judge = ({ verb }) =>
      verb === 'list' || verb === 'watch' ? new Error('no route to it') : undefined;
    await kube.clock.advance(600_000);
    assert.match(lastLine(), /Nothing new for .*: no route to it\. Retrying\./);
    stop.abort();
    await kube.clock.advance(500);
    assert.equal(await outcome, 'interrupted');
  });
});
