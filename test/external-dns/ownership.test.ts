/** The real ExternalDNS beside us in one zone, before a real BIND 9: neither takes what the other has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DNS_ENDPOINTS, type DnsEndpoint } from '../../dns/external-dns/dns-endpoint.ts';
import { Ownership } from '../../dns/ownership.ts';
import { systemClock as clock } from '../../runtime/clock.ts';
import { findDnsEndpointCrd } from '../support/binaries.ts';
import { connect } from '../support/dns/bench.ts';
import { startExternalDns } from '../support/dns/external-dns-process.ts';
import { followedZone } from '../support/dns/followed-zone.ts';
import { nameServerBench, ZONE } from '../support/dns/name-server-bench.ts';
import { startBind } from '../support/dns/name-servers.ts';
import { createNamespace, installCrdFile } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const OURS = `ours.${ZONE}`;
const THEIRS = `theirs.${ZONE}`;
const startServer = nameServerBench(
  (ends, options) => startBind(ends, { ...options, types: 'A AAAA CNAME TXT' }),
  'hmac-sha256',
);

const plane = await sharedControlPlane();

for (const affixes of [
  { prefix: '', suffix: '' },
  { prefix: '%{record_type}-owner.', suffix: '' },
  { prefix: '', suffix: '-owner' },
]) {
  test(`owner records with ${JSON.stringify(affixes)} are those of ExternalDNS`, async (t) => {
    await installCrdFile(plane.api, await findDnsEndpointCrd(), DNS_ENDPOINTS);
    const bench = await startServer(t);
    const { resolver } = bench.server;
    const provider = await connect(bench, bench.environment, { ends: t });
    const ownership = new Ownership({ id: 'here', wildcard: '', adopt: true, ...affixes });
    const follow = (name: string) =>
      followedZone(ZONE, [name], { provider, clock, owned: ['A'], ownership }).follow([
        { name, type: 'A', ttl: 60, values: ['192.0.2.1'] },
      ]);
    await follow(OURS);

    const namespace = await createNamespace(plane, 'endpoints');
    const targets = ['192.0.2.99'];
    const endpoints = [OURS, THEIRS].map((dnsName) => ({ dnsName, recordType: 'A', targets, recordTTL: 60 }));
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
      startExternalDns(t, ZONE, bench.server, ...source, ...names, kubeconfig, `--txt-owner-id=${owner}`);
    const answers = (name: string, address: string) =>
      until(
        `${name} is ${address}`,
        async () => (await resolver.resolve4(name)).join() === address || undefined,
        { timeoutMs: 30_000 },
      );

    const other = await start('other');
    await answers(THEIRS, '192.0.2.99');
    await other.waitUntil(
      'it has left ours alone, as it belongs to another',
      async () => other.lines.some((line) => /owner id does not match/.test(line) && line.includes('here')),
      20_000,
    );
    assert.deepEqual(await resolver.resolve4(OURS), ['192.0.2.1']);
    await assert.rejects(follow(THEIRS), /belongs to "other"/);
    await other.stop();

    // To one of our own owner id, our record is its own.
    await start('here');
    await answers(OURS, '192.0.2.99');
    assert.deepEqual(await resolver.resolve4(THEIRS), ['192.0.2.99']);
  });
}
