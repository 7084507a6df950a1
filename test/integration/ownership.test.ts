/** The providers that keep owners, each with its peer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DNS_PROVIDERS } from '../../dns/registry.ts';
import type { StartBench } from '../support/dns/bench.ts';
import { nameServerBench } from '../support/dns/name-server-bench.ts';
import { startBind } from '../support/dns/name-servers.ts';
import { ownershipContract } from '../support/dns/ownership-contract.ts';

const BENCHES: Readonly<Record<string, StartBench>> = {
  'rfc2136, BIND 9': nameServerBench(
    (ends, options) => startBind(ends, { ...options, types: 'A AAAA CNAME TXT' }),
    'hmac-sha256',
  ),
};

test('each provider that says so stands on a bench', () => {
  const able = DNS_PROVIDERS.filter(({ traits }) => 'keepsOwners' in traits).map(({ name }) => name);
  assert.deepEqual(new Set(Object.keys(BENCHES).map((name) => name.split(',')[0] ?? '')), new Set(able));
});

for (const [name, start] of Object.entries(BENCHES)) ownershipContract(name, start);
