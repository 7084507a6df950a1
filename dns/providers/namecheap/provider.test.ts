import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drive, NAME, NamecheapScene, richZone, ZONE } from '../../../test/support/namecheap/scene.ts';
import { host } from '../../../test/support/namecheap/zones.ts';
import { DnsError } from '../../provider.ts';

const [EAST, WEST] = ['192.0.2.1', '192.0.2.2'];
const mail = { emailType: 'MX' };
const withRecord = () => [...richZone(), host('app', 'A', WEST, { ttl: '60' })];

/** Everything in the zone but the followed record, byte for byte. */
function foreign({ hosts }: NamecheapScene): string {
  return JSON.stringify(hosts.filter(({ name }) => name !== 'app'));
}

function addresses({ hosts }: NamecheapScene): string[] {
  return hosts.filter(({ name }) => name === 'app').map(({ type, address }) => `${type} ${address}`);
}

describe('one record moves', () => {
  test('trap 1: all other records stay, in their order and byte for byte', async () => {
    const world = new NamecheapScene({ zone: { ...mail, hosts: withRecord() } });
    const before = foreign(world);
    await world.move(EAST);
    assert.equal(foreign(world), before);
    assert.deepEqual(addresses(world), [`A ${EAST}`]);
    assert.equal(world.hosts.at(-1)?.ttl, '60');
  });

  for (const emailType of ['NONE', 'MXE', 'MX', 'FWD', 'OX', 'GMAIL']) {
    test(`trap 2: the mail setting ${emailType} is sent back as it is`, async () => {
      const world = new NamecheapScene({ zone: { emailType, hosts: [host('app', 'A', WEST)] } });
      await world.move(EAST);
      assert.equal(world.fake.zone(ZONE).emailType, emailType);
    });
  }

  test('trap 3: a single host is still a list', async () => {
    const world = new NamecheapScene({ zone: { hosts: [host('@', 'A', '198.51.100.1')] } });
    await world.move(EAST);
    assert.deepEqual(
      world.hosts.map(({ name }) => name),
      ['@', 'app'],
    );
  });

  test('trap 3: a zone that is empty, and is counted empty, gets its first record', async () => {
    const world = new NamecheapScene();
    await world.move(EAST);
    assert.deepEqual(addresses(world), [`A ${EAST}`]);
  });

  test('trap 6: a TTL of 0 is sent as 1799, and an MX target with its dot', async () => {
    const hosts = [host('@', 'MX', 'mail.example.net', { ttl: '0' }), host('app', 'A', WEST)];
    const world = new NamecheapScene({ zone: { ...mail, hosts } });
    await world.move(EAST);
    assert.deepEqual(world.hosts[0], host('@', 'MX', 'mail.example.net.', { ttl: '1799' }));
  });

  test('trap 6: names and types are compared without their case', async () => {
    const world = new NamecheapScene({ zone: { hosts: [host('App', 'A', WEST)] } });
    await world.move(EAST);
    assert.deepEqual(
      world.hosts.map(({ name, address }) => [name, address]),
      [['App', EAST]],
    );
  });

  test('trap 8: the parking CNAME of a new zone gives way, at the listed name only', async () => {
    const parked = (name: string) => host(name, 'CNAME', 'parkingpage.namecheap.com.');
    const world = new NamecheapScene({ zone: { hosts: [parked('app'), parked('www')] } });
    await world.put([{ name: NAME, type: 'A', ttl: 60, values: [EAST] }]);
    assert.deepEqual(
      world.hosts.map(({ name, type }) => `${name} ${type}`),
      ['www CNAME', 'app A'],
    );
  });

  test('the apex and a wildcard', async () => {
    const world = new NamecheapScene({
      zone: { hosts: [host('*.wild', 'A', WEST), host('@', 'A', WEST)] },
    });
    await world.move(EAST, {}, [ZONE, '*.wild.example.com']);
    assert.deepEqual(
      world.hosts.map(({ address }) => address),
      [EAST, EAST],
    );
  });

  test('trap 12: the zone is split at its first dot', async () => {
    const hosts = [host('app', 'A', WEST)];
    const zone = { emailType: 'NONE', isUsingOurDns: true, hosts };
    const world = new NamecheapScene({ zones: { 'example.co.uk': zone } });
    await drive(
      world.clock,
      world.provider.read({ zone: 'example.co.uk', names: ['app.example.co.uk'], abort: world.abort }),
    );
    assert.equal(world.fake.calls.at(-1)?.outcome, '200');
  });

  test('attributes that nobody knows are no hindrance where they say nothing', async () => {
    const record = host('app', 'A', WEST, { extra: { IsNew: 'false', Note: '' } });
    const world = new NamecheapScene({ zone: { hosts: [record] } });
    await world.move(EAST);
    assert.deepEqual(addresses(world), [`A ${EAST}`]);
  });

  test('the domains are in another account than the one with API access', async () => {
    const world = new NamecheapScene({ userName: 'owner', zone: { hosts: [host('app', 'A', WEST)] } });
    await world.move(EAST);
    assert.deepEqual(addresses(world), [`A ${EAST}`]);
  });

  test('no write when nothing differs', async () => {
    const world = new NamecheapScene({ zone: { hosts: [host('app', 'A', EAST, { ttl: '60' })] } });
    await world.move(EAST);
    assert.deepEqual(
      world.fake.calls.map(({ command }) => command),
      ['getHosts'],
    );
  });

  test('a move takes three calls, four when its turn was waited for; the count is asked for only until it agrees', async () => {
    const world = new NamecheapScene({ zone: { ...mail, hosts: withRecord() } });
    const callsOfMove = async (address: string) => {
      world.fake.calls.length = 0;
      await world.move(address);
      return world.fake.calls.map(({ command }) => command);
    };
    assert.deepEqual(await callsOfMove(EAST), ['getHosts', 'getInfo', 'setHosts', 'getHosts']);
    assert.deepEqual(await callsOfMove(WEST), ['getHosts', 'setHosts', 'getHosts']);
    assert.deepEqual(await callsOfMove(EAST), ['getHosts', 'getHosts', 'setHosts', 'getHosts']);
  });

  test('an account that may not ask for the count still follows', async () => {
    const world = new NamecheapScene({ zone: { ...mail, hosts: withRecord() } });
    world.fake.misbehave('getInfo', { kind: 'error', number: '4011103', text: 'Access denied' });
    await world.move(EAST);
    assert.deepEqual(addresses(world), [`A ${EAST}`]);
  });

  test('the snapshot is the zone as it was', async () => {
    const world = new NamecheapScene({ zone: { ...mail, hosts: withRecord() } });
    await world.move(EAST);
    const snapshot = JSON.parse(world.snapshots[0] ?? '') as {
      emailType: string;
      hosts: { address: string }[];
    };
    assert.equal(snapshot.emailType, 'MX');
    assert.deepEqual(
      snapshot.hosts.map(({ address }) => address),
      withRecord().map(({ address }) => address),
    );
  });
});

describe('a write that goes wrong', () => {
  test('a success that did not save is noticed, and made good by the next pass', async () => {
    const world = new NamecheapScene({ zone: { hosts: [host('app', 'A', WEST)] } });
    world.fake.misbehave('setHosts', { kind: 'unsaved' });
    await assert.rejects(world.move(EAST), { kind: 'retry', code: 'not-saved' });
    await world.move(EAST);
    assert.deepEqual(addresses(world), [`A ${EAST}`]);
  });

  test('the old zone is still shown for a moment', async () => {
    const world = new NamecheapScene({ zone: { hosts: [host('app', 'A', WEST)] } });
    const before = world.fake.zone(ZONE);
    world.fake.misbehave('setHosts', { kind: 'meanwhile', when: 'after', zone: before });
    world.clock.after(1_500, () => {
      world.hosts = [host('app', 'A', EAST, { ttl: '60' })];
    });
    await world.move(EAST);
    assert.ok(world.clock.elapsed() >= 2_000);
  });

  test('the answer is lost: the next pass finds the write done', async () => {
    const world = new NamecheapScene({ zone: { hosts: [host('app', 'A', WEST)] } });
    world.fake.misbehave('setHosts', { kind: 'silent' });
    await assert.rejects(world.move(EAST), { kind: 'retry', code: 'timeout' });
    await world.move(EAST);
    assert.equal(world.count('setHosts'), 1);
    assert.deepEqual(addresses(world), [`A ${EAST}`]);
  });

  test('IsSuccess="false" is no success', async () => {
    const world = new NamecheapScene({ zone: { hosts: [host('app', 'A', WEST)] } });
    world.fake.misbehave('setHosts', {
      kind: 'rewrite',
      from: 'IsSuccess="true"',
      to: 'IsSuccess="false"',
    });
    await assert.rejects(world.move(EAST), { code: 'bad-answer' });
  });

  test('trap 4: another writer comes right after, and takes records away', async () => {
    const world = new NamecheapScene({ zone: { ...mail, hosts: withRecord() } });
    const zone = { ...mail, isUsingOurDns: true, hosts: withRecord().slice(1) };
    world.fake.misbehave('setHosts', { kind: 'meanwhile', when: 'after', zone });
    await assert.rejects(world.move(EAST), {
      kind: 'conflict',
      code: 'read-back',
      message: /lacks example\.com A 198\.51\.100\.1/,
    });
    await world.move(EAST);
    assert.deepEqual(addresses(world), [`A ${EAST}`]);
    assert.equal(world.hosts.length, withRecord().length - 1);
  });

  test('trap 4: a record that somebody adds meanwhile is no conflict', async () => {
    const world = new NamecheapScene({ zone: { hosts: [host('app', 'A', WEST)] } });
    const zone = { emailType: 'NONE', isUsingOurDns: true };
    const hosts = [host('app', 'A', EAST, { ttl: '60' }), host('_acme-challenge', 'TXT', 'token')];
    world.fake.misbehave('setHosts', { kind: 'meanwhile', when: 'after', zone: { ...zone, hosts } });
    await world.move(EAST);
    assert.deepEqual(world.hosts, hosts);
  });

  test('trap 2: a mail setting that was lost is reported', async () => {
    const world = new NamecheapScene({ zone: { ...mail, hosts: withRecord() } });
    const hosts = withRecord().map((one) => (one.name === 'app' ? { ...one, address: EAST } : one));
    world.fake.misbehave('setHosts', {
      kind: 'meanwhile',
      when: 'after',
      zone: { emailType: 'FWD', isUsingOurDns: true, hosts },
    });
    await assert.rejects(world.move(EAST), { kind: 'conflict', message: /mail setting FWD for MX/ });
  });
});

describe('the rate limit', () => {
  test('no more than 20 calls in any minute, and two writes of a zone in any 20 s', async () => {
    const world = new NamecheapScene({ zone: { hosts: [host('app', 'A', WEST)] }, callsAMinute: 20 });
    for (let move = 0; move < 30; ) {
      await world.move(move % 2 === 0 ? EAST : WEST).then(
        () => {
          move += 1;
        },
        async (error: unknown) => {
          assert.ok(error instanceof DnsError && error.code === 'budget', String(error));
          await world.clock.advance(error.retryAfterMs ?? 0);
        },
      );
    }
    assert.deepEqual(
      world.fake.calls.filter(({ outcome }) => outcome !== '200'),
      [],
    );
    const writes = world.fake.calls.filter(({ command }) => command === 'setHosts').map(({ at }) => at);
    assert.ok(writes.every((at, index) => index < 2 || at - (writes[index - 2] ?? 0) >= 20_000));
  });

  test('a second move soon after the first does not wait', async () => {
    const world = new NamecheapScene({ zone: { hosts: [host('app', 'A', WEST)] } });
    await world.move(EAST);
    const before = world.clock.elapsed();
    await world.move(WEST);
    assert.equal(world.clock.elapsed(), before);
  });

  test('after 405 nothing is sent before the time is over', async () => {
    const world = new NamecheapScene({ zone: { hosts: [host('app', 'A', WEST)] } });
    world.fake.misbehave('getHosts', { kind: 'status', status: 405 });
    await assert.rejects(world.move(EAST), { kind: 'rate' });
    await world.clock.advance(29_000);
    await assert.rejects(world.move(EAST), { kind: 'rate', retryAfterMs: 1_000 });
    assert.equal(world.fake.calls.length, 1);
    await world.clock.advance(1_000);
    await world.move(EAST);
    assert.deepEqual(addresses(world), [`A ${EAST}`]);
  });
});

test('trap 14: the key is in no URL, no error and no snapshot', async () => {
  const world = new NamecheapScene({ apiKey: 'other', zone: { hosts: [host('app', 'A', WEST)] } });
  world.fake.misbehave('getHosts', {
    kind: 'error',
    number: '1011102',
    text: 'API Key is invalid: "key"',
  });
  await assert.rejects(world.move(EAST), (error: Error) => !error.message.includes('"key"'));
});
