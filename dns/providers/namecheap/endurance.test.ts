import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Command, Fault } from '../../../test/support/namecheap/fake-namecheap.ts';
import { drive, NAME, NamecheapScene, richZone, ZONE } from '../../../test/support/namecheap/scene.ts';
import { type FakeHost, host } from '../../../test/support/namecheap/zones.ts';
import { SeededRandom } from '../../../test/support/random.ts';
import { DnsError } from '../../provider.ts';

const [EAST, WEST] = ['192.0.2.1', '192.0.2.2'];
const COMMANDS: readonly Command[] = ['getHosts', 'setHosts', 'getInfo'];

describe('an answer that is cut off at any byte, or comes from elsewhere, never leads to a write', () => {
  const small = [host('@', 'MX', 'mx.example.net.'), host('t', 'TXT', 'é "quoted"'), host('app', 'A', WEST)];

  for (const command of ['getHosts', 'getInfo'] as const) {
    test(`${command}, cut at every byte`, async () => {
      const world = new NamecheapScene({ zone: { emailType: 'MX', hosts: small }, callsAMinute: 1e9 });
      const before = JSON.stringify(world.fake.zone(ZONE));
      const length = await bodyLength(world, command);
      assert.ok(length > 500);
      // The last byte is the line break after the closing tag.
      for (let bytes = 0; bytes < length - 1; bytes += 1) {
        world.fake.misbehave(command, { kind: 'truncate', bytes });
        await assert.rejects(world.move(EAST), { name: 'DnsError', code: 'bad-answer' }, `cut at ${bytes}`);
        await world.clock.advance(60_000);
        assert.equal(world.count('setHosts'), 0, `cut at ${bytes}`);
      }
      assert.equal(JSON.stringify(world.fake.zone(ZONE)), before);
    });
  }

  test('setHosts, cut at any of its first 500 bytes: never taken for success', async () => {
    const world = new NamecheapScene({ zone: { emailType: 'MX', hosts: small }, callsAMinute: 1e9 });
    const { hosts } = await drive(world.clock, world.api.getHosts(ZONE, world.abort));
    for (let bytes = 0; bytes < 500; bytes += 1) {
      world.fake.misbehave('setHosts', { kind: 'truncate', bytes });
      const write = drive(world.clock, world.api.setHosts(ZONE, hosts, 'MX', world.abort));
      await assert.rejects(write, { code: 'bad-answer' }, `cut at ${bytes}`);
    }
  });

  const foreign = ['', '{}', '<html></html>', '<ApiResponse></ApiResponse>', 'null', '<?xml version="1.0"?>'];
  for (const body of foreign) {
    test(`the answer ${JSON.stringify(body)}`, async () => {
      const world = new NamecheapScene({ zone: { hosts: small } });
      world.fake.misbehave('getHosts', { kind: 'status', status: 200, body });
      await assert.rejects(world.move(EAST), { code: 'bad-answer' });
      assert.equal(world.count('setHosts'), 0);
    });
  }
});

async function bodyLength(world: NamecheapScene, command: string): Promise<number> {
  const form = {
    ApiUser: 'user',
    ApiKey: 'key',
    UserName: 'user',
    ClientIp: '127.0.0.1',
    SLD: 'example',
    TLD: 'com',
  };
  const full = `namecheap.domains.${command === 'getInfo' ? '' : 'dns.'}${command}`;
  const domain: Record<string, string> = command === 'getInfo' ? { DomainName: ZONE } : {};
  const body = new URLSearchParams({ ...form, ...domain, Command: full }).toString();
  const contentType = 'application/x-www-form-urlencoded';
  const reply = world.fake.handle({ method: 'POST', url: '/xml.response', contentType, body });
  assert.ok(typeof reply === 'object');
  return Buffer.byteLength(reply.body);
}

test('a zone of 140 records of every kind survives 200 moves and faults unharmed', async (t) => {
  const seed = process.env.SEED ?? String(Date.now());
  t.diagnostic(`SEED=${seed}`);
  const random = new SeededRandom(seed);
  const world = new NamecheapScene({ zone: { emailType: 'MX', hosts: richZone(140) }, callsAMinute: 50 });
  const before = JSON.stringify(world.hosts);
  let failures = 0;
  for (let move = 0; move < 200; move += 1) {
    for (const command of COMMANDS) {
      if (random.chance(0.25)) world.fake.misbehave(command, anyFault(random), random.integer(1, 3));
    }
    const ip = random.pick([EAST, WEST]);
    for (let attempt = 0; (await attemptMove(world, ip)) !== 'done'; attempt += 1) {
      assert.ok(attempt < 40, `move ${move} does not end`);
      failures += 1;
    }
    assert.equal(JSON.stringify(foreignHosts(world)), before, `after move ${move}`);
    const [record, ...more] = world.hosts.filter(({ name }) => name === 'app');
    assert.deepEqual([record?.type, record?.address, more.length], ['A', ip, 0]);
  }
  assert.equal(world.fake.zone(ZONE).emailType, 'MX');
  assert.ok(failures > 50, `only ${failures} failures: the faults did not bite`);
  t.diagnostic(`${failures} failed attempts, ${world.fake.calls.length} calls`);
});

/** One reconcile of the signal, and the wait after a failure. The zone is checked after each: it is never harmed. */
async function attemptMove(world: NamecheapScene, ip: string): Promise<'done' | 'failed'> {
  const before = JSON.stringify(foreignHosts(world));
  try {
    await world.move(ip);
    return 'done';
  } catch (error) {
    assert.ok(error instanceof DnsError, String(error));
    await world.clock.advance(error.retryAfterMs ?? 1_000);
    return 'failed';
  } finally {
    assert.equal(JSON.stringify(foreignHosts(world)), before);
  }
}

function foreignHosts({ hosts }: NamecheapScene): readonly FakeHost[] {
  return hosts.filter(({ name }) => `${name}.${ZONE}` !== NAME);
}

function anyFault(random: SeededRandom): Fault {
  return random.pick<Fault>([
    { kind: 'error', number: '5050900', text: 'Unknown error' },
    { kind: 'error', number: '1011150', text: 'Invalid request IP' },
    { kind: 'error', number: '500000', text: 'Too many requests' },
    { kind: 'status', status: 405 },
    { kind: 'status', status: 502, body: '<html>' },
    { kind: 'truncate', bytes: random.integer(0, 20_000) },
    { kind: 'rewrite', from: 'http://api', to: 'https://api' },
    { kind: 'rewrite', from: 'IsUsingOurDNS="true"', to: 'IsUsingOurDNS="false"' },
    { kind: 'rewrite', from: ZONE, to: 'example.org' },
    { kind: 'rewrite', from: '<host ', to: '<!-- <host -->\n<host ' },
    { kind: 'unsaved' },
    { kind: 'silent' },
    { kind: 'hang' },
    { kind: 'reset' },
  ]);
}
