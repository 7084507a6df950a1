/**
 * The controller against a real Kubernetes and a real CloudNativePG. E2E_KUBECONFIG names a cluster with nodes in two
 * zones and a healthy Cluster `pg-cluster` in namespace `postgres` (CNPG_NAMESPACE, CNPG_CLUSTER_NAME). E2E_SITES is
 * a command that takes `cut NODE` and `heal NODE`; without it no site is cut off.
 */

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Status } from '../../contract/status.ts';
import { isAlreadyExists } from '../../kubernetes/errors.ts';
import { NAMESPACES } from '../../kubernetes/resources.ts';
import { LOOPBACK_DNS } from '../support/loopback-dns.ts';
import { richZone } from '../support/namecheap-offline.ts';
import { NamecheapStandIn } from '../support/namecheap-server.ts';
import type { StandInZone } from '../support/namecheap-zones.ts';
import { type ChildProcess, startProcess } from '../support/process.ts';
import { until } from '../support/until.ts';
import { RealCluster } from './cluster.ts';

const NAMESPACE = 'kube-site-follower-e2e';
const ZONE = 'example.com';
const HOST = 'app';
const { E2E_KUBECONFIG, E2E_SITES } = process.env;
const skip = E2E_KUBECONFIG === undefined && 'E2E_KUBECONFIG names no cluster: see docs/testing.md';
/** An operator of a failover that it has to notice by itself takes this long at most. */
const FAILOVER_MS = 120_000;
const REJOIN_MS = 300_000;

interface Measured {
  readonly event: string;
  readonly site: string;
  /** From `currentPrimaryTimestamp`, milliseconds. */
  readonly statusMs: number;
  readonly dnsMs: number;
}

describe('on a real cluster', { skip, concurrency: false }, () => {
  const results: Measured[] = [];
  const replicas: ChildProcess[] = [];
  const addresses = new Map<string, string>();
  let cluster: RealCluster;
  let registrar: NamecheapStandIn;
  let foreign: string;

  before(async () => {
    cluster = new RealCluster(E2E_KUBECONFIG ?? '', E2E_SITES);
    const sites = await cluster.sites();
    assert.ok(sites.size >= 2, `nodes in two zones are needed, found: ${[...sites.keys()].join(', ')}`);
    for (const site of sites.keys()) addresses.set(site, `192.0.2.${10 * (addresses.size + 1)}`);
    await cluster.healthy(REJOIN_MS);
    await cluster.api.create(NAMESPACES, { metadata: { name: NAMESPACE } }).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error; // Left by a run that was killed: as good as new.
    });
    registrar = await NamecheapStandIn.start({
      zones: { [ZONE]: { emailType: 'MX', isUsingOurDns: true, hosts: richZone() } },
    });
    foreign = recordsOfOthers(registrar.zone(ZONE));
    const configuration = {
      SITES: JSON.stringify(
        [...sites].map(([name, nodeNames]) => ({ name, nodeNames, ip: addresses.get(name) })),
      ),
      DNS_RECORDS: `${HOST}.${ZONE}`,
      NAMECHEAP_API_USER: 'user',
      NAMECHEAP_API_KEY: 'key',
      NAMECHEAP_CLIENT_IP: '127.0.0.1',
      NAMECHEAP_API_URL: registrar.url,
    };
    for (const name of ['replica-1', 'replica-2']) replicas.push(await startController(name, configuration));
    await followed('start');
  });

  after(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    await registrar.stop();
    await cluster.api.delete(NAMESPACES, { name: NAMESPACE });
    await cluster.api.close();
    await writeResults(results);
  });

  /** The site where the primary runs is the one that the status and the zone tell, and nothing else was touched. */
  async function followed(event: string): Promise<Status> {
    const { currentPrimary = '', currentPrimaryTimestamp = '' } = (await cluster.primary()).status ?? {};
    const { node, site } = await cluster.placeOf(currentPrimary);
    const status = await cluster.status(NAMESPACE, ({ activeNode }) => activeNode === node, 15_000);
    assert.equal(status.activeSite, site);
    const address = addresses.get(site);
    assert.ok(address !== undefined, `node ${node} has a zone label that no site was made from: ${site}`);
    const point = () => registrar.zone(ZONE).hosts.filter(({ name, type }) => name === HOST && type === 'A');
    await until('the record follows', () => point()[0]?.address === address || undefined, {
      timeoutMs: 30_000,
    });
    assert.deepEqual(
      point().map((host) => host.address),
      [address],
    );
    assert.equal(recordsOfOthers(registrar.zone(ZONE)), foreign, 'other records of the zone were touched');
    if (event !== 'start') {
      const moved = Date.parse(currentPrimaryTimestamp);
      const written = registrar.calls.findLast(({ command }) => command.endsWith('setHosts'));
      results.push({
        event,
        site,
        statusMs: Date.parse(status.since) - moved,
        dnsMs: (written?.at ?? Number.NaN) - moved,
      });
    }
    return status;
  }

  async function moves(event: string, cause: () => Promise<void>): Promise<void> {
    const before = await cluster.status(NAMESPACE, ({ phase }) => phase === 'Settled', REJOIN_MS);
    await cause();
    const after = await cluster.status(NAMESPACE, ({ epoch }) => epoch > before.epoch, FAILOVER_MS);
    assert.equal(after.epoch, before.epoch + 1, 'one move is one epoch');
    assert.notEqual(after.activeSite, before.activeSite);
    await followed(event);
  }

  for (const round of [1, 2, 3]) {
    test(`switchover ${round}`, async () => {
      await cluster.healthy(REJOIN_MS);
      await moves('switchover', () => cluster.switchover());
    });
  }

  test('the pod of the primary is deleted', async () => {
    await cluster.healthy(REJOIN_MS);
    await moves('pod deleted', () => cluster.killPrimary());
  });

  test('the leader is killed in the middle of a switchover', async () => {
    await cluster.healthy(REJOIN_MS);
    const leader = await leadingReplica(replicas);
    await moves('leader killed', async () => {
      await cluster.switchover();
      leader.signal('SIGKILL');
    });
  });

  test('the site of the primary is cut off, and comes back', async (context) => {
    if (!cluster.canCutSites) return context.skip('E2E_SITES names no command that cuts a site off');
    const { status } = await cluster.healthy(REJOIN_MS);
    const { node } = await cluster.placeOf(status?.currentPrimary ?? '');
    try {
      await moves('site cut off', () => cluster.site('cut', node));
    } finally {
      await cluster.site('heal', node);
    }
    const { epoch } = await followed('start');
    await cluster.healthy(REJOIN_MS);
    const settled = await cluster.status(NAMESPACE, ({ phase }) => phase === 'Settled', 30_000);
    assert.equal(settled.epoch, epoch, 'the return of a site moves nothing');
  });
});

function startController(
  name: string,
  configuration: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('../../dist/controller.mjs', import.meta.url));
  const env = {
    ...configuration,
    KUBECONFIG: E2E_KUBECONFIG ?? '',
    POD_NAMESPACE: NAMESPACE,
    POD_NAME: name,
    HTTP_PORT: '0',
    ...LOOPBACK_DNS,
  };
  return startProcess(name, [process.execPath, program], { env });
}

/** The replica that said last that it leads. */
async function leadingReplica(replicas: readonly ChildProcess[]): Promise<ChildProcess> {
  const leads = ({ records }: ChildProcess) =>
    records.findLast(({ msg }) => msg === 'leading' || msg === 'not leading any more')?.msg === 'leading';
  return until('a replica leads', () => replicas.find(leads), { timeoutMs: 15_000 });
}

function recordsOfOthers({ emailType, hosts }: StandInZone): string {
  return JSON.stringify([emailType, hosts.filter(({ name }) => name !== HOST)]);
}

async function writeResults(results: readonly Measured[]): Promise<void> {
  const folder = fileURLToPath(new URL('results/', import.meta.url));
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}follow.json`, `${JSON.stringify(results, undefined, 2)}\n`);
  console.table(results);
}
