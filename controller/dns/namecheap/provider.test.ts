import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drive, NAME, OfflineNamecheap, richZone, ZONE } from '../../../test/support/namecheap-offline.ts';
import type { Fault } from '../../../test/support/namecheap-server.ts';
import { host } from '../../../test/support/namecheap-zones.ts';
import { DnsError } from '../provider.ts';

const [EAST, WEST] = ['192.0.2.1', '192.0.2.2'];
const mail = { emailType: 'MX' };
const withRecord = () => [...richZone(), host('app', 'A', WEST, { ttl: '60' })];

/** Everything in the zone but the followed record, byte for byte. */
function foreign({ hosts }: OfflineNamecheap): string {
  return JSON.stringify(hosts.filter(({ name }) => name !== 'app'));
}

function addresses({ hosts }: OfflineNamecheap): string[] {
  return hosts.filter(({ name }) => name === 'app').map(({ type, address }) => `${type} ${address}`);
}

/** The zone is as it was and nothing was sent. */
async function refuses(
  world: OfflineNamecheap,
  expected: object,
  change = () => world.move(EAST),
): Promise<void> {
  const before = JSON.stringify(world.standIn.zone(ZONE));
  await assert.rejects(change(), expected);
  assert.equal(world.count('setHosts'), 0, 'a write was sent');
  assert.equal(JSON.stringify(world.standIn.zone(ZONE)), before);
}

describe('one record moves', () => {
  test('trap 1: all other records stay, in their order and byte for byte', async () => {
    const world = new OfflineNamecheap({ zone: { ...mail, hosts: withRecord() } });
    const before = foreign(world);
    await world.move(EAST);
    assert.equal(foreign(world), before);
    assert.deepEqual(addresses(world), [`A ${EAST}`]);
    assert.equal(world.hosts.at(-1)?.ttl, '60');
  });

  for (const emailType of ['NONE', 'MXE', 'MX', 'FWD', 'OX', 'GMAIL']) {
    test(`trap 2: the mail setting ${emailType} is sent back as it is`, async () => {
      const world = new OfflineNamecheap({ zone: { emailType, hosts: [host('app', 'A', WEST)] } });
      await world.move(EAST);
      assert.equal(world.standIn.zone(ZONE).emailType, emailType);
    });
  }

  test('trap 3: a single host is still a list', async () => {
    const world = new OfflineNamecheap({ zone: { hosts: [host('@', 'A', '198.51.100.1')] } });
    await world.move(EAST);
    assert.deepEqual(
      world.hosts.map(({ name }) => name),
      ['@', 'app'],
    );
  });

  test('trap 3: a zone that is empty, and is counted empty, gets its first record', async () => {
    const world = new OfflineNamecheap();
    await world.move(EAST);
    assert.deepEqual(addresses(world), [`A ${EAST}`]);
  });

  test('trap 6: a TTL of 0 is sent as 1799, and an MX target with its dot', async () => {
    const hosts = [host('@', 'MX', 'mail.example.net', { ttl: '0' }), host('app', 'A', WEST)];
    const world = new OfflineNamecheap({ zone: { ...mail, hosts } });
    await world.move(EAST);
    assert.deepEqual(world.hosts[0], host('@', 'MX', 'mail.example.net.', { ttl: '1799' }));
  });

  test('trap 6: names and types are compared without their case', async () => {
    const world = new OfflineNamecheap({ zone: { hosts: [host('App', 'A', WEST)] } });
    await world.move(EAST);
    assert.deepEqual(
      world.hosts.map(({ name, address }) => [name, address]),
      [['App', EAST]],
    );
  });

  test('trap 8: the parking CNAME of a new zone gives way, at the listed name only', async () => {
    const parked = (name: string) => host(name, 'CNAME', 'parkingpage.namecheap.com.');
    const world = new OfflineNamecheap({ zone: { hosts: [parked('app'), parked('www')] } });
    await world.put([{ name: NAME, type: 'A', ttl: 60, values: [EAST] }]);
    assert.deepEqual(
      world.hosts.map(({ name, type }) => `${name} ${type}`),
      ['www CNAME', 'app A'],
    );
  });

  test('the apex and a wildcard', async () => {
    const world = new OfflineNamecheap({
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
    const world = new OfflineNamecheap({ zones: { 'example.co.uk': zone } });
    await drive(world.clock, world.provider.read('example.co.uk', ['app.example.co.uk'], world.signal));
    assert.equal(world.standIn.calls.at(-1)?.outcome, '200');
  });

  test('no write when nothing differs', async () => {
    const world = new OfflineNamecheap({ zone: { hosts: [host('app', 'A', EAST, { ttl: '60' })] } });
    await world.move(EAST);
    assert.deepEqual(
      world.standIn.calls.map(({ command }) => command),
      ['getHosts'],
    );
  });

  test('a move takes four calls; the count is asked for only until it is known to agree', async () => {
    const world = new OfflineNamecheap({ zone: { ...mail, hosts: withRecord() } });
    await world.move(EAST);
    assert.deepEqual(
      world.standIn.calls.map(({ command }) => command),
      ['getHosts', 'getInfo', 'setHosts', 'getHosts'],
    );
    world.standIn.calls.length = 0;
    await world.move(WEST);
    assert.deepEqual(
      world.standIn.calls.map(({ command }) => command),
      ['getHosts', 'getHosts', 'setHosts', 'getHosts'],
    );
  });

  test('the snapshot is the zone as it was', async () => {
    const world = new OfflineNamecheap({ zone: { ...mail, hosts: withRecord() } });
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

describe('nothing is written', () => {
  const answers: readonly (readonly [name: string, fault: Fault, expected: object])[] = [
    [
      'an error inside HTTP 200',
      { kind: 'error', number: '2019166', text: 'Domain name not found' },
      { kind: 'config', code: '2019166' },
    ],
    [
      'trap 13: the address is not whitelisted',
      { kind: 'error', number: '1011150', text: 'Invalid request IP: 192.0.2.9' },
      { kind: 'config', code: '1011150', message: /192\.0\.2\.9/, action: /whitelist/ },
    ],
    [
      'the key is wrong',
      { kind: 'error', number: '1011102', text: 'API Key is invalid' },
      { kind: 'config', code: '1011102', action: /NAMECHEAP_API_KEY/ },
    ],
    [
      'too many logins',
      { kind: 'error', number: '1017411', text: 'Too many login attempts' },
      { kind: 'rate', code: '1017411', retryAfterMs: 1_800_000 },
    ],
    [
      'the registrar’s upstream failed',
      { kind: 'error', number: '3050900', text: 'Unknown error from Enom' },
      { kind: 'retry', code: '3050900' },
    ],
    [
      'a code nobody knows',
      { kind: 'error', number: '4242424', text: 'Surprise' },
      { kind: 'retry', code: '4242424', message: /Surprise/ },
    ],
    [
      'the rate limit as text',
      { kind: 'error', number: '500000', text: 'Too many requests' },
      { kind: 'rate', code: '500000' },
    ],
    [
      'the rate limit as HTTP 405',
      { kind: 'status', status: 405 },
      { kind: 'rate', code: '405', retryAfterMs: 30_000 },
    ],
    ['HTTP 503', { kind: 'status', status: 503, body: '<html>' }, { kind: 'retry', code: '503' }],
    ['a redirect', { kind: 'status', status: 302 }, { kind: 'retry', code: '302' }],
    [
      'trap 3: a foreign namespace',
      { kind: 'rewrite', from: 'http://api.namecheap.com', to: 'https://api.namecheap.com' },
      { code: 'bad-answer', message: /namespace/ },
    ],
    [
      'an unknown status',
      { kind: 'rewrite', from: 'Status="OK"', to: 'Status="MAYBE"' },
      { code: 'bad-answer' },
    ],
    [
      'the answer to another command',
      {
        kind: 'rewrite',
        from: 'Type="namecheap.domains.dns.getHosts"',
        to: 'Type="namecheap.domains.getList"',
      },
      { code: 'bad-answer' },
    ],
    [
      'another domain',
      { kind: 'rewrite', from: 'Domain="example.com"', to: 'Domain="example.org"' },
      { kind: 'refused', message: /example\.org/ },
    ],
    [
      'a missing mail setting',
      { kind: 'rewrite', from: 'EmailType=', to: 'Mail=' },
      { code: 'bad-answer', message: /EmailType/ },
    ],
    [
      'two results',
      { kind: 'rewrite', from: '<CommandResponse ', to: '<CommandResponse Type="" /><CommandResponse ' },
      { code: 'bad-answer' },
    ],
    [
      'a document type',
      { kind: 'rewrite', from: '<ApiResponse ', to: '<!DOCTYPE a><ApiResponse ' },
      { code: 'bad-answer' },
    ],
    [
      'an unknown reference',
      { kind: 'rewrite', from: '203.0.113.1', to: '&nbsp;203.0.113.1' },
      { code: 'bad-answer' },
    ],
    ['a connection that is cut', { kind: 'reset' }, { kind: 'retry', code: 'network' }],
    ['no answer', { kind: 'hang' }, { kind: 'retry', code: 'timeout' }],
  ];
  for (const [name, fault, expected] of answers) {
    test(name, async () => {
      const world = new OfflineNamecheap({ zone: { ...mail, hosts: withRecord() } });
      world.standIn.misbehave('getHosts', fault);
      await refuses(world, { name: 'DnsError', ...expected });
    });
  }

  test('trap 11: the zone is served elsewhere', async () => {
    const world = new OfflineNamecheap({ zone: { isUsingOurDns: false, hosts: withRecord() } });
    await refuses(world, { kind: 'refused', message: /does not use Namecheap's name servers/ });
  });

  const harmed = [
    [
      'trap 5: a dynamic DNS record',
      host('home', 'A', '198.51.100.5', { isDdnsEnabled: true }),
      /dynamic DNS/,
    ],
    [
      'trap 5: a record that is switched off',
      host('off', 'A', '198.51.100.5', { isActive: false }),
      /switched off/,
    ],
    ['trap 7: a type that cannot be written', host('_sip._tcp', 'SRV', '5060 sip.example.net.'), /type/],
    ['a value with a line break', host('t', 'TXT', 'one\ntwo'), /control character|cannot be trusted/],
    ['an empty value', host('t', 'TXT', ''), /empty/],
  ] as const;
  for (const [name, record, message] of harmed) {
    test(name, async () => {
      const world = new OfflineNamecheap({ zone: { ...mail, hosts: [...withRecord(), record] } });
      await refuses(world, { name: 'DnsError', message });
    });
  }

  test('the list has fewer hosts than the registrar counts', async () => {
    const world = new OfflineNamecheap({ zone: { ...mail, hosts: withRecord() } });
    const first = /<host HostId="3"[^>]*>/;
    const xml = world.standIn.handle.bind(world.standIn);
    world.standIn.handle = (request) => {
      const reply = xml(request);
      return typeof reply === 'object' && request.body.includes('getHosts')
        ? { ...reply, body: String(reply.body).replace(first, '') }
        : reply;
    };
    await refuses(world, { kind: 'refused', message: /counts 141 records .* shows only 140/ });
  });

  test('trap 10: the zone is full', async () => {
    const world = new OfflineNamecheap({ zone: { ...mail, hosts: richZone(150) } });
    await refuses(world, { kind: 'refused', message: /151 records, and Namecheap takes 150/ });
  });

  test('something at the listed name excludes the record', async () => {
    const url = new OfflineNamecheap({ zone: { hosts: [host('app', 'URL', 'https://example.net/')] } });
    await refuses(url, { kind: 'refused', message: /type URL/ });
    const text = new OfflineNamecheap({ zone: { hosts: [host('app', 'TXT', 'x')] } });
    const cname = [{ name: NAME, type: 'CNAME', ttl: 60, values: ['east.example.net'] }] as const;
    await refuses(text, { kind: 'refused', message: /type TXT.*CNAME/ }, () => text.put(cname));
    const apex = new OfflineNamecheap();
    await refuses(apex, { kind: 'config', message: /top of its zone/ }, () =>
      apex.put([{ ...cname[0], name: ZONE }]),
    );
  });

  test('this replica may not write any more', async () => {
    const world = new OfflineNamecheap({ zone: { hosts: [host('app', 'A', WEST)] } });
    const guard = {
      assertMayWrite: () => {
        throw new Error('deposed');
      },
    };
    await refuses(world, { message: 'deposed' }, () => world.move(EAST, guard));
  });

  test('the snapshot cannot be kept', async () => {
    const world = new OfflineNamecheap({ zone: { hosts: [host('app', 'A', WEST)] } });
    world.snapshots.push = () => {
      throw new DnsError('no snapshot', { kind: 'retry', action: '' });
    };
    await refuses(world, { message: 'no snapshot' });
  });

  test('somebody else changed the record since the plan was made', async () => {
    const world = new OfflineNamecheap({ zone: { hosts: [host('app', 'A', WEST, { ttl: '60' })] } });
    const found = await drive(world.clock, world.provider.read(ZONE, [NAME], world.signal));
    world.hosts = [host('app', 'A', '198.51.100.99', { ttl: '60' })];
    await world.clock.advance(3_000);
    const wanted = { name: NAME, type: 'A', ttl: 60, values: [EAST] } as const;
    const [before] = found;
    assert.ok(before);
    const guard = { signal: world.signal, assertMayWrite: () => undefined };
    const apply = () =>
      drive(world.clock, world.provider.apply(ZONE, [{ action: 'update', found: before, wanted }], guard));
    await refuses(world, { kind: 'conflict', code: 'changed' }, apply);
  });
});

describe('a write that goes wrong', () => {
  test('a success that did not save is noticed, and made good by the next pass', async () => {
    const world = new OfflineNamecheap({ zone: { hosts: [host('app', 'A', WEST)] } });
    world.standIn.misbehave('setHosts', { kind: 'unsaved' });
    await assert.rejects(world.move(EAST), { kind: 'retry', code: 'not-saved' });
    await world.move(EAST);
    assert.deepEqual(addresses(world), [`A ${EAST}`]);
  });

  test('the old zone is still shown for a moment', async () => {
    const world = new OfflineNamecheap({ zone: { hosts: [host('app', 'A', WEST)] } });
    const before = world.standIn.zone(ZONE);
    world.standIn.misbehave('setHosts', { kind: 'meanwhile', when: 'after', zone: before });
    world.clock.after(1_500, () => {
      world.hosts = [host('app', 'A', EAST, { ttl: '60' })];
    });
    await world.move(EAST);
    assert.ok(world.clock.elapsed() >= 2_000);
  });

  test('the answer is lost: the next pass finds the write done', async () => {
    const world = new OfflineNamecheap({ zone: { hosts: [host('app', 'A', WEST)] } });
    world.standIn.misbehave('setHosts', { kind: 'silent' });
    await assert.rejects(world.move(EAST), { kind: 'retry', code: 'timeout' });
    await world.move(EAST);
    assert.equal(world.count('setHosts'), 1);
    assert.deepEqual(addresses(world), [`A ${EAST}`]);
  });

  test('IsSuccess="false" is no success', async () => {
    const world = new OfflineNamecheap({ zone: { hosts: [host('app', 'A', WEST)] } });
    world.standIn.misbehave('setHosts', {
      kind: 'rewrite',
      from: 'IsSuccess="true"',
      to: 'IsSuccess="false"',
    });
    await assert.rejects(world.move(EAST), { code: 'bad-answer' });
  });

  test('trap 4: another writer comes right after, and takes records away', async () => {
    const world = new OfflineNamecheap({ zone: { ...mail, hosts: withRecord() } });
    const zone = { ...mail, isUsingOurDns: true, hosts: withRecord().slice(1) };
    world.standIn.misbehave('setHosts', { kind: 'meanwhile', when: 'after', zone });
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
    const world = new OfflineNamecheap({ zone: { hosts: [host('app', 'A', WEST)] } });
    const zone = { emailType: 'NONE', isUsingOurDns: true };
    const hosts = [host('app', 'A', EAST, { ttl: '60' }), host('_acme-challenge', 'TXT', 'token')];
    world.standIn.misbehave('setHosts', { kind: 'meanwhile', when: 'after', zone: { ...zone, hosts } });
    await world.move(EAST);
    assert.deepEqual(world.hosts, hosts);
  });

  test('trap 2: a mail setting that was lost is told', async () => {
    const world = new OfflineNamecheap({ zone: { ...mail, hosts: withRecord() } });
    const hosts = withRecord().map((one) => (one.name === 'app' ? { ...one, address: EAST } : one));
    world.standIn.misbehave('setHosts', {
      kind: 'meanwhile',
      when: 'after',
      zone: { emailType: 'FWD', isUsingOurDns: true, hosts },
    });
    await assert.rejects(world.move(EAST), { kind: 'conflict', message: /mail setting FWD for MX/ });
  });
});

describe('the rate limit', () => {
  test('no more than 20 calls in any minute, and 10 s between the writes of a zone', async () => {
    const world = new OfflineNamecheap({ zone: { hosts: [host('app', 'A', WEST)] }, callsAMinute: 20 });
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
      world.standIn.calls.filter(({ outcome }) => outcome !== '200'),
      [],
    );
    const writes = world.standIn.calls.filter(({ command }) => command === 'setHosts').map(({ at }) => at);
    assert.ok(writes.every((at, index) => index === 0 || at - (writes[index - 1] ?? 0) >= 10_000));
  });

  test('after 405 nothing is sent before the time is over', async () => {
    const world = new OfflineNamecheap({ zone: { hosts: [host('app', 'A', WEST)] } });
    world.standIn.misbehave('getHosts', { kind: 'status', status: 405 });
    await assert.rejects(world.move(EAST), { kind: 'rate' });
    await world.clock.advance(29_000);
    await assert.rejects(world.move(EAST), { kind: 'rate', retryAfterMs: 1_000 });
    assert.equal(world.standIn.calls.length, 1);
    await world.clock.advance(1_000);
    await world.move(EAST);
    assert.deepEqual(addresses(world), [`A ${EAST}`]);
  });
});

test('trap 14: the key is in no URL, no error and no snapshot', async () => {
  const world = new OfflineNamecheap({ apiKey: 'other', zone: { hosts: [host('app', 'A', WEST)] } });
  world.standIn.misbehave('getHosts', {
    kind: 'error',
    number: '1011102',
    text: 'API Key is invalid: "key"',
  });
  await assert.rejects(world.move(EAST), (error: Error) => !error.message.includes('"key"'));
});
