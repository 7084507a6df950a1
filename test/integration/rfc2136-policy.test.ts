/**
 * PowerDNS with an update policy in Lua: what it denies it leaves out, and answers NOERROR (PowerDNS/pdns#8422 and #14953). No
 * accepted update may be taken for one that was made.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RecordSet, RecordType } from '../../dns/records.ts';
import { systemClock as clock } from '../../runtime/clock.ts';
import { followedZone } from '../support/dns/followed-zone.ts';
import { connect } from '../support/dns/harness.ts';
import { nameServerHarness } from '../support/dns/name-server-harness.ts';
import { startPowerDnsWith } from '../support/dns/power-dns.ts';

/** A server that makes updates of `types` alone. */
async function startPolicy(t: TestContext, ...types: readonly RecordType[]) {
  const folder = await mkdtemp(join(tmpdir(), 'policy-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const script = join(folder, 'policy.lua');
  const allowed = types.map((type) => `input:getQType() == pdns.${type}`).join(' or ');
  await writeFile(
    script,
    `function updatepolicy(input)\n  return input:getTsigName():toString() == "admin." or ${allowed}\nend\n`,
  );
  const start = startPowerDnsWith(`--lua-dnsupdate-policy-script=${script}`);
  const harness = await nameServerHarness(start, 'hmac-sha256')(t);
  const provider = await connect(harness, harness.environment, { ends: t });
  const { zone } = harness;
  const { follow } = followedZone(zone, [`app.${zone}`], { provider, clock, owned: ['A', 'AAAA'] });
  const has = async () =>
    (await harness.dump()).filter((line) => line.startsWith('app.')).map((line) => line.split(' ').at(-1));
  const set = (type: RecordType, value: string): RecordSet => ({
    name: `app.${zone}`,
    type,
    ttl: 60,
    values: [value],
  });
  return { harness, follow, has, set };
}

test('an address that is not written', async (t) => {
  const { follow, has, set } = await startPolicy(t, 'AAAA');
  const sets: readonly RecordSet[] = [set('A', '192.0.2.1')];
  await assert.rejects(follow(sets), { kind: 'refused', code: 'not-saved', action: /policy/ });
  assert.deepEqual(await has(), []);
});

test('an address that is not removed', async (t) => {
  const { harness, follow, has, set } = await startPolicy(t, 'A');
  await harness.meddle(set('A', '192.0.2.1'));
  await harness.meddle(set('AAAA', '2001:db8::1'));
  await assert.rejects(follow([set('A', '192.0.2.2')]), {
    kind: 'refused',
    code: 'not-saved',
    action: /policy/,
  });
  assert.deepEqual(new Set(await has()), new Set(['192.0.2.2', '2001:db8::1']));
});
