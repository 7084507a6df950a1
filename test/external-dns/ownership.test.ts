/** The real ExternalDNS beside us in one zone: neither takes what the other has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ownership } from '../../dns/follower/ownership.ts';
import { DNS_ENDPOINTS, type DnsEndpoint } from '../../dns/providers/external-dns/dns-endpoint.ts';
import { systemClock as clock } from '../../runtime/clock.ts';
import { findDnsEndpointCrd } from '../support/binaries.ts';
import {
  byPowerDns,
  byRoute53,
  byUpdates,
  startExternalDns,
  type Written,
} from '../support/dns/external-dns-process.ts';
import { followedZone } from '../support/dns/followed-zone.ts';
import { connect, type Harness } from '../support/dns/harness.ts';
import { startMoto } from '../support/dns/moto-harness.ts';
import { nameServerHarness } from '../support/dns/name-server-harness.ts';
import { startBind } from '../support/dns/name-servers.ts';
import { startPowerDnsWithApi } from '../support/dns/power-dns.ts';
import type { Ends } from '../support/loopback.ts';
import { createNamespace, installCrdFile } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

interface Peer {
  readonly harness: Harness;
  /** The same zone, as ExternalDNS writes it. */
  readonly written: Written;
}

const bind = nameServerHarness(
  (ends, options) => startBind(ends, { ...options, types: 'A AAAA CNAME TXT' }),
  'hmac-sha256',
);

/** By the providers of ours and of ExternalDNS. */
const PEERS: Readonly<Record<string, (ends: Ends) => Promise<Peer>>> = {
  'BIND 9, by updates': async (ends) => {
    const harness = await bind(ends);
    return { harness, written: byUpdates(harness.zone, harness.server) };
  },
  'PowerDNS, by updates and its API': async (ends) => {
    let written: Written | undefined;
    const harness = await nameServerHarness(async (own, options) => {
      const server = await startPowerDnsWithApi(own, options);
      written = byPowerDns(options.zone, server.api);
      return server;
    }, 'hmac-sha256')(ends);
    assert.ok(written);
    return { harness, written };
  },
  'Route 53, moto': async (ends) => {
    const harness = await startMoto(ends);
    return { harness, written: byRoute53(harness.zone, harness.url) };
  },
};

const NO_AFFIX = { prefix: '', suffix: '' };
const CASES = [
  ...Object.keys(PEERS).map((peer) => ({ peer, affixes: NO_AFFIX })),
  { peer: 'BIND 9, by updates', affixes: { prefix: '%{record_type}-owner.', suffix: '' } },
  { peer: 'BIND 9, by updates', affixes: { prefix: '', suffix: '-owner' } },
  { peer: 'Route 53, moto', affixes: { prefix: '', suffix: '-owner' } },
];

const plane = await sharedControlPlane();

function startPeer(name: string, ends: Ends): Promise<Peer> {
  const start = PEERS[name];
  if (start === undefined) throw new Error(`there is no ${name}`);
  return start(ends);
}

for (const { peer, affixes } of CASES) {
  test(`${peer}: owner records with ${JSON.stringify(affixes)} are those of ExternalDNS`, async (t) => {
    const { harness, written } = await startPeer(peer, t);
    const ours = `ours.${harness.zone}`;
    const theirs = `theirs.${harness.zone}`;
    await installCrdFile(plane.api, await findDnsEndpointCrd(), DNS_ENDPOINTS);
    const provider = await connect(harness, harness.environment, { ends: t });
    const ownership = new Ownership({ id: 'here', wildcard: '', adopt: true, ...affixes });
    const follow = (name: string) =>
      followedZone(harness.zone, [name], { provider, clock, owned: ['A'], ownership }).follow([
        { name, type: 'A', ttl: 60, values: ['192.0.2.1'] },
      ]);
    await follow(ours);

    const namespace = await createNamespace(plane, 'endpoints');
    const targets = ['192.0.2.99'];
    const endpoints = [ours, theirs].map((dnsName) => ({ dnsName, recordType: 'A', targets, recordTTL: 60 }));
    const object: DnsEndpoint = {
      apiVersion: `${DNS_ENDPOINTS.group}/${DNS_ENDPOINTS.version}`,
      kind: DNS_ENDPOINTS.kind,
      metadata: { namespace, name: 'both' },
      spec: { endpoints },
    };
    await plane.api.create(DNS_ENDPOINTS, object);
    const source = ['--source=crd', `--namespace=${namespace}`, '--policy=sync', '--interval=1s'];
    const names = [`--txt-prefix=${affixes.prefix}`, `--txt-suffix=${affixes.suffix}`];
    const kubeconfig = `--kubeconfig=${await plane.kubeconfigFor('admin')}`;
    const start = (owner: string) =>
      startExternalDns(t, written, ...source, ...names, kubeconfig, `--txt-owner-id=${owner}`);
    const has = async (name: string, address: string) =>
      (await harness.dump()).some((line) => line.startsWith(`${name} A `) && line.includes(address));
    const becomes = (name: string, address: string) =>
      until(`${name} is ${address}`, async () => (await has(name, address)) || undefined, {
        timeoutMs: 30_000,
      });

    const other = await start('other');
    await becomes(theirs, '192.0.2.99');
    await other.waitUntil(
      'it has left ours alone, as it belongs to another',
      async () => other.lines.some((line) => /owner id does not match/.test(line) && line.includes('here')),
      20_000,
    );
    assert.ok(await has(ours, '192.0.2.1'));
    await assert.rejects(follow(theirs), /belongs to "other"/);
    await other.stop();

    // To one of our own owner id, our record is its own.
    await start('here');
    await becomes(ours, '192.0.2.99');
    assert.ok(await has(theirs, '192.0.2.99'));
  });
}
