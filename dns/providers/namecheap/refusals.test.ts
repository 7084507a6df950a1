import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Fault } from '../../../test/support/namecheap/fake-namecheap.ts';
import { drive, NAME, NamecheapScene, richZone, ZONE } from '../../../test/support/namecheap/scene.ts';
import { host } from '../../../test/support/namecheap/zones.ts';
import { DnsError } from '../../provider.ts';

const [EAST, WEST] = ['192.0.2.1', '192.0.2.2'];
const mail = { emailType: 'MX' };
const withRecord = () => [...richZone(), host('app', 'A', WEST, { ttl: '60' })];

/** The zone is as it was and nothing was sent. */
async function refuses(
  world: NamecheapScene,
  expected: object,
  change = () => world.move(EAST),
): Promise<void> {
  const before = JSON.stringify(world.fake.zone(ZONE));
  await assert.rejects(change(), expected);
  assert.equal(world.count('setHosts'), 0, 'a write was sent');
  assert.equal(JSON.stringify(world.fake.zone(ZONE)), before);
}

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
      'the rate limit as text, in no namespace',
      {
        kind: 'status',
        status: 200,
        body: '<?xml version="1.0" encoding="utf-8"?>\r\n<ApiResponse Status="ERROR"><Errors><Error Number="500000">Too many requests</Error></Errors></ApiResponse>',
      },
      { kind: 'rate', code: '500000', retryAfterMs: 30_000 },
    ],
    [
      'an error with another HTTP status',
      {
        kind: 'status',
        status: 400,
        body: '<ApiResponse Status="ERROR"><Errors><Error Number="1011102">API Key is invalid</Error></Errors></ApiResponse>',
      },
      { kind: 'config', code: '1011102', message: /API Key is invalid/ },
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
      { kind: 'refused', message: /does not say what the mail setting of example\.com is/ },
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
      const world = new NamecheapScene({ zone: { ...mail, hosts: withRecord() } });
      // A read whose connection is closed is sent once more.
      world.fake.misbehave('getHosts', fault, 2);
      await refuses(world, { name: 'DnsError', ...expected });
    });
  }

  test('trap 11: the zone is served elsewhere', async () => {
    const world = new NamecheapScene({ zone: { isUsingOurDns: false, hosts: withRecord() } });
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
    [
      'attributes that nobody knows',
      host('@', 'CAA', 'letsencrypt.org', { extra: { Flag: '0', Tag: 'issue' } }),
      /example\.com CAA letsencrypt\.org has Flag="0", Tag="issue"/,
    ],
  ] as const;
  for (const [name, record, message] of harmed) {
    test(name, async () => {
      const world = new NamecheapScene({ zone: { ...mail, hosts: [...withRecord(), record] } });
      await refuses(world, { name: 'DnsError', message });
    });
  }

  test('trap 2: the mail setting is shown as nothing', async () => {
    const world = new NamecheapScene({ zone: { emailType: '', hosts: withRecord() } });
    await refuses(world, { kind: 'refused', message: /mail setting of example\.com/ });
  });

  test('the listed record has the right address and is switched off', async () => {
    const record = host('app', 'A', EAST, { ttl: '60', isActive: false });
    const world = new NamecheapScene({ zone: { hosts: [record] } });
    await refuses(world, { kind: 'refused', message: /app\.example\.com A .* switched off/ });
  });

  test('the list has fewer hosts than the registrar counts', async () => {
    const world = new NamecheapScene({ zone: { ...mail, hosts: withRecord() } });
    const first = /<host HostId="3"[^>]*>/;
    const xml = world.fake.handle.bind(world.fake);
    world.fake.handle = (request) => {
      const reply = xml(request);
      return typeof reply === 'object' && request.body.includes('getHosts')
        ? { ...reply, body: String(reply.body).replace(first, '') }
        : reply;
    };
    await refuses(world, { kind: 'refused', message: /counts 141 records .* shows only 140/ });
  });

  test('a record that the API does not show comes to the zone later: a read tells within an hour, and no write deletes it', async () => {
    const world = new NamecheapScene({ zone: { ...mail, hosts: withRecord() } });
    await world.move(EAST);
    const { length } = world.hosts;
    const answer = world.fake.handle.bind(world.fake);
    world.fake.handle = (request) => {
      const reply = answer(request);
      if (typeof reply !== 'object') return reply;
      const body = String(reply.body).replace(`HostCount="${length}"`, `HostCount="${length + 1}"`);
      return { ...reply, body };
    };
    await world.clock.advance(3_600_000);
    const writes = world.count('setHosts');
    for (const address of [EAST, EAST, WEST]) {
      await assert.rejects(world.move(address), {
        kind: 'refused',
        message: /such as|counts 142 .* shows only 141/,
      });
      await world.clock.advance(600_000);
    }
    assert.equal(world.count('setHosts'), writes);
    world.fake.handle = answer;
    await world.move(WEST);
    assert.equal(world.count('setHosts'), writes + 1);
  });

  test('trap 10: the zone is full', async () => {
    const world = new NamecheapScene({ zone: { ...mail, hosts: richZone(150) } });
    await refuses(world, { kind: 'refused', message: /151 records, and Namecheap takes 150/ });
  });

  test('something at the listed name excludes the record', async () => {
    const url = new NamecheapScene({ zone: { hosts: [host('app', 'URL', 'https://example.net/')] } });
    await refuses(url, { kind: 'refused', message: /type URL/ });
    const text = new NamecheapScene({ zone: { hosts: [host('app', 'TXT', 'x')] } });
    const cname = [{ name: NAME, type: 'CNAME', ttl: 60, values: ['east.example.net'] }] as const;
    await refuses(text, { kind: 'refused', message: /type TXT.*CNAME/ }, () => text.put(cname));
    const apex = new NamecheapScene();
    await refuses(apex, { kind: 'config', message: /top of its zone/ }, () =>
      apex.put([{ ...cname[0], name: ZONE }]),
    );
  });

  test('the count is refused, and the list is empty', async () => {
    const world = new NamecheapScene();
    world.fake.misbehave('getInfo', { kind: 'error', number: '4011103', text: 'Access denied' });
    await refuses(world, { kind: 'config', code: '4011103' });
  });

  test('this replica may not write any more', async () => {
    const world = new NamecheapScene({ zone: { hosts: [host('app', 'A', WEST)] } });
    const guard = {
      assertMayWrite: () => {
        throw new Error('deposed');
      },
    };
    await refuses(world, { message: 'deposed' }, () => world.move(EAST, guard));
  });

  test('the snapshot cannot be kept', async () => {
    const world = new NamecheapScene({ zone: { hosts: [host('app', 'A', WEST)] } });
    world.snapshots.push = () => {
      throw new DnsError('no snapshot', { kind: 'retry', action: '' });
    };
    await refuses(world, { message: 'no snapshot' });
  });

  test('somebody else changed the record since the plan was made', async () => {
    const world = new NamecheapScene({ zone: { hosts: [host('app', 'A', WEST, { ttl: '60' })] } });
    const { sets: found } = await drive(
      world.clock,
      world.provider.read({ zone: ZONE, names: [NAME], abort: world.abort }),
    );
    world.hosts = [host('app', 'A', '198.51.100.99', { ttl: '60' })];
    await world.clock.advance(3_000);
    const desired = { name: NAME, type: 'A', ttl: 60, values: [EAST] } as const;
    const [before] = found;
    assert.ok(before);
    const guard = { abort: world.abort, assertMayWrite: () => undefined };
    const apply = () =>
      drive(world.clock, world.provider.apply(ZONE, [{ action: 'update', current: before, desired }], guard));
    await refuses(world, { kind: 'conflict', code: 'changed' }, apply);
  });
});
