/** The real ExternalDNS before a real BIND 9: by DNSEndpoint objects, and by its own server of the webhook protocol. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RecordStatus } from '../../dns/follower/record-status.ts';
import { DNS_ENDPOINTS } from '../../dns/providers/external-dns/dns-endpoint.ts';
import { findDnsEndpointCrd } from '../support/binaries.ts';
import { byUpdates, startExternalDns } from '../support/dns/external-dns-process.ts';
import type { StartHarness } from '../support/dns/harness.ts';
import { nameServerHarness, ZONE } from '../support/dns/name-server-harness.ts';
import { startBind } from '../support/dns/name-servers.ts';
import { ownershipContract } from '../support/dns/ownership-contract.ts';
import { providerContract } from '../support/dns/provider-contract.ts';
import { startWebhookHarness } from '../support/dns/webhook-harness.ts';
import { answeredBy } from '../support/loopback-dns.ts';
import { ADDRESSES, createScene, EAST, WEST } from '../support/scene.ts';
import { installCrdFile } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

/** Where its webhook server listens, whatever it is told. */
const WEBHOOK_URL = 'http://127.0.0.1:8888';
const APP = `app.${ZONE}`;
const startServer = nameServerHarness(startBind, 'hmac-sha256');

const plane = await sharedControlPlane();

const startWebhookServer: StartHarness = async (ends) => {
  const behind = await startServer(ends);
  const { wrongCredentials } = await startWebhookHarness(ends);
  const written = byUpdates(ZONE, behind.server);
  const child = await startExternalDns(ends, written, '--webhook-server', '--source=fake', '--policy=sync');
  await child.waitForHttp(`${WEBHOOK_URL}/records`, 20_000);
  const environment = { DNS_PROVIDER: 'webhook', DNS_WEBHOOK_URL: WEBHOOK_URL };
  return {
    zone: ZONE,
    environment,
    wrongCredentials,
    at: (address) => ({ ...environment, DNS_WEBHOOK_URL: `http://${address}` }),
    dump: () => behind.dump(),
    meddle: (set) => behind.meddle(set),
    addOther: async (record) => behind.addOther?.(record),
    ...(behind.ask !== undefined && { ask: behind.ask }),
    isAtomic: false,
  };
};

providerContract('webhook, ExternalDNS before BIND 9', startWebhookServer);
ownershipContract('webhook, ExternalDNS before BIND 9', startWebhookServer);

describe('a DNSEndpoint that the real ExternalDNS reads', () => {
  test('becomes a record, is seen there, and moves with the primary; nothing else of the zone changes', async (t) => {
    await installCrdFile(plane.api, await findDnsEndpointCrd(), DNS_ENDPOINTS);
    const harness = await startServer(t);
    const scene = await createScene(t, plane);
    const { resolver, port } = harness.server;
    const isForeign = (line: string) => !line.includes(`${APP} `) && !line.includes(`-${APP} `);
    const before = (await harness.dump()).filter(isForeign);
    await scene.startAndSettle({
      DNS_PROVIDER: 'external-dns',
      DNS_RECORDS: `${APP}@${ZONE}`,
      DNS_NAME_SERVERS: `127.0.0.1:${port}`,
      ...answeredBy(port),
    });
    const progress = async (wanted: string, isAsWanted: (record: RecordStatus) => boolean) => {
      await scene.report.until(
        `the report says ${wanted}`,
        ({ data }) => {
          const [record] = JSON.parse(data.dns ?? '[]') as RecordStatus[];
          return record !== undefined && isAsWanted(record);
        },
        90_000,
      );
    };
    await progress('that nobody has read it', ({ accepted, seen }) => {
      const silent = seen?.silent ?? [];
      return accepted !== undefined && silent.includes('ExternalDNS (has not read it)');
    });
    assert.deepEqual(await resolver.resolve4(APP), ['203.0.113.200'], 'the wildcard still answers');
    const kubeconfig = `--kubeconfig=${await plane.kubeconfigFor('admin')}`;
    const source = ['--source=crd', `--namespace=${scene.namespace}`, kubeconfig, '--policy=sync'];
    const pace = ['--interval=2s', '--events', '--min-event-sync-interval=1s', '--txt-owner-id=test'];
    await startExternalDns(t, byUpdates(ZONE, harness.server), ...source, ...pace);
    const answers = async (address: string) =>
      until(
        `${APP} is ${address}`,
        async () => (await resolver.resolve4(APP)).join() === address || undefined,
        { timeoutMs: 60_000 },
      );
    await answers(ADDRESSES[EAST]);
    await progress('that it is seen', ({ seen }) => seen?.values.join() === ADDRESSES[EAST]);
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
    await answers(ADDRESSES[WEST]);
    await progress('that the move is seen', ({ seen }) => seen?.values.join() === ADDRESSES[WEST]);
    assert.deepEqual((await harness.dump()).filter(isForeign), before);
  });
});
