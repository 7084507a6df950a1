/** The providers that keep owners, each with its peer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRAITS } from '../../dns/registry.ts';
import { startCloudflareHarness } from '../support/dns/cloudflare-harness.ts';
import type { StartHarness } from '../support/dns/harness.ts';
import { startMoto } from '../support/dns/moto-harness.ts';
import { nameServerHarness } from '../support/dns/name-server-harness.ts';
import { startBind, startKnot, startSignedBind, startSignedKnot } from '../support/dns/name-servers.ts';
import { startNamecheapHarness } from '../support/dns/namecheap-harness.ts';
import { ownershipContract } from '../support/dns/ownership-contract.ts';
import { startPowerDns, startSignedPowerDns } from '../support/dns/power-dns.ts';
import { startWebhookHarness } from '../support/dns/webhook-harness.ts';

/** A name server whose key may update TXT, too. */
const withTexts = (startServer: typeof startBind) =>
  nameServerHarness(
    (ends, options) => startServer(ends, { ...options, types: 'A AAAA CNAME TXT' }),
    'hmac-sha256',
  );

const HARNESSES: Readonly<Record<string, StartHarness>> = {
  'namecheap, a fake': startNamecheapHarness,
  'cloudflare, a fake': startCloudflareHarness,
  'route53, moto': startMoto,
  'rfc2136, BIND 9': withTexts(startBind),
  'rfc2136, BIND 9 that signs': withTexts(startSignedBind),
  'rfc2136, Knot': withTexts(startKnot),
  'rfc2136, Knot that signs': withTexts(startSignedKnot),
  'rfc2136, PowerDNS': withTexts(startPowerDns),
  'rfc2136, PowerDNS that signs': withTexts(startSignedPowerDns),
  'webhook, a fake': startWebhookHarness,
};

test('each provider that says so has a harness', () => {
  const able = Object.entries(TRAITS).flatMap(([name, { keepsTexts }]) => (keepsTexts ? [name] : []));
  assert.deepEqual(new Set(Object.keys(HARNESSES).map((name) => name.split(',')[0] ?? '')), new Set(able));
});

for (const [name, start] of Object.entries(HARNESSES)) ownershipContract(name, start);
