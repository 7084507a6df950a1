/** The providers that keep owners, each with its peer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRAITS } from '../../dns/registry.ts';
import type { StartBench } from '../support/dns/bench.ts';
import { startCloudflareBench } from '../support/dns/cloudflare-bench.ts';
import { startMoto } from '../support/dns/moto-bench.ts';
import { nameServerBench } from '../support/dns/name-server-bench.ts';
import { startBind, startKnot, startSignedBind, startSignedKnot } from '../support/dns/name-servers.ts';
import { startNamecheapBench } from '../support/dns/namecheap-bench.ts';
import { ownershipContract } from '../support/dns/ownership-contract.ts';
import { startPowerDns, startSignedPowerDns } from '../support/dns/power-dns.ts';
import { startWebhookBench } from '../support/dns/webhook-bench.ts';

/** A name server whose key may update TXT, too. */
const withTexts = (startServer: typeof startBind) =>
  nameServerBench(
    (ends, options) => startServer(ends, { ...options, types: 'A AAAA CNAME TXT' }),
    'hmac-sha256',
  );

const BENCHES: Readonly<Record<string, StartBench>> = {
  'namecheap, a stand-in': startNamecheapBench,
  'cloudflare, a stand-in': startCloudflareBench,
  'route53, moto': startMoto,
  'rfc2136, BIND 9': withTexts(startBind),
  'rfc2136, BIND 9 that signs': withTexts(startSignedBind),
  'rfc2136, Knot': withTexts(startKnot),
  'rfc2136, Knot that signs': withTexts(startSignedKnot),
  'rfc2136, PowerDNS': withTexts(startPowerDns),
  'rfc2136, PowerDNS that signs': withTexts(startSignedPowerDns),
  'webhook, a stand-in': startWebhookBench,
};

test('each provider that says so stands on a bench', () => {
  const able = Object.entries(TRAITS).flatMap(([name, { keepsOwners }]) => (keepsOwners ? [name] : []));
  assert.deepEqual(new Set(Object.keys(BENCHES).map((name) => name.split(',')[0] ?? '')), new Set(able));
});

for (const [name, start] of Object.entries(BENCHES)) ownershipContract(name, start);
