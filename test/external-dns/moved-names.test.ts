/** A name that gets another zone or follower, as the real ExternalDNS before a real BIND 9 writes it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DNS_ENDPOINTS } from '../../dns/providers/external-dns/dns-endpoint.ts';
import { ExternalDnsProvider } from '../../dns/providers/external-dns/provider.ts';
import { systemClock as clock } from '../../runtime/clock.ts';
import { findDnsEndpointCrd } from '../support/binaries.ts';
import { byUpdates, startExternalDns } from '../support/dns/external-dns-process.ts';
import { followedZone } from '../support/dns/followed-zone.ts';
import { nameServerHarness, ZONE } from '../support/dns/name-server-harness.ts';
import { startBind } from '../support/dns/name-servers.ts';
import { createNamespace, installCrdFile } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { until } from '../support/until.ts';

const NESTED = `dev.${ZONE}`;
const APP = `app.${NESTED}`;
const STAYS = `stays.${NESTED}`;
const [EAST, WEST] = ['192.0.2.1', '192.0.2.2'];
const POLL_MS = 20;

const plane = await sharedControlPlane();

/** An ExternalDNS that reads our objects, and all that the name server says of a name from then on. */
async function world(t: TestContext) {
  await installCrdFile(plane.api, await findDnsEndpointCrd(), DNS_ENDPOINTS);
  const harness = await nameServerHarness(startBind, 'hmac-sha256')(t);
  const { resolver } = harness.server;
  const namespace = await createNamespace(plane, 'moved');
  const kubeconfig = `--kubeconfig=${await plane.kubeconfigFor('admin')}`;
  const source = ['--source=crd', `--namespace=${namespace}`, kubeconfig, '--policy=sync'];
  const pace = ['--interval=1s', '--events', '--min-event-sync-interval=200ms', '--txt-owner-id=test'];
  const child = await startExternalDns(t, byUpdates(ZONE, harness.server), ...source, ...pace);
  const follow = (follower: string, zone: string, address: string, ...names: string[]) => {
    const provider = new ExternalDnsProvider(plane.api, namespace, follower, namespace);
    return followedZone(zone, names, { provider, clock, owned: ['A'] }).follow(
      names.map((name) => ({ name, type: 'A', ttl: 60, values: [address] })),
    );
  };
  const answer = async (name: string) => (await resolver.resolve4(name)).join();
  const becomes = (name: string, address: string) =>
    until(`${name} is ${address}`, async () => (await answer(name)) === address || undefined, {
      timeoutMs: 60_000,
    });
  /** Ends with all different answers, in their order, up to when it is called. */
  const watch = (name: string) => {
    const seen: string[] = [];
    const ended = new AbortController();
    const watching = (async () => {
      while (!ended.signal.aborted) {
        const now = await answer(name);
        if (now !== seen.at(-1)) seen.push(now);
        await sleep(POLL_MS);
      }
    })();
    return async () => {
      ended.abort();
      await watching;
      return seen;
    };
  };
  /** ExternalDNS has looked at everything twice more, and has nothing to change. */
  const rested = async () => {
    const before = child.lines.length;
    const idle = () => child.lines.slice(before).filter((line) => /up to date/i.test(line)).length;
    await until('ExternalDNS has nothing to do', () => idle() >= 2 || undefined, { timeoutMs: 30_000 });
  };
  const records = async (name: string) =>
    (await harness.dump()).filter((line) => line.startsWith(`${name} A `)).length;
  return { follow, becomes, watch, rested, records };
}

interface Place {
  readonly follower: string;
  readonly zone: string;
}

const PLACES: Readonly<Record<string, readonly [before: Place, after: Place]>> = {
  'a zone below the one before': [
    { follower: 'default', zone: ZONE },
    { follower: 'default', zone: NESTED },
  ],
  'a zone above the one before': [
    { follower: 'default', zone: NESTED },
    { follower: 'default', zone: ZONE },
  ],
  'another follower': [
    { follower: 'default', zone: ZONE },
    { follower: 'orders', zone: ZONE },
  ],
};

for (const [what, [before, after]] of Object.entries(PLACES)) {
  test(`a name that gets ${what} while the site changes has one record all the time, and the right one in the end`, async (t) => {
    const { follow, becomes, watch, rested, records } = await world(t);
    await follow(before.follower, before.zone, EAST, APP, STAYS);
    await Promise.all([becomes(APP, EAST), becomes(STAYS, EAST)]);
    const answers = watch(APP);
    await follow(after.follower, after.zone, WEST, APP);
    await becomes(APP, WEST);
    await rested();
    assert.deepEqual(await answers(), [EAST, WEST]);
    assert.deepEqual([await records(APP), await records(STAYS)], [1, 1]);
    await becomes(STAYS, EAST);

    // Back, without another site: nothing is to be seen of it.
    const back = watch(APP);
    await follow(before.follower, before.zone, WEST, APP, STAYS);
    await rested();
    await becomes(STAYS, WEST);
    assert.deepEqual(await back(), [WEST]);
  });
}
