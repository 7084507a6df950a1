import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent } from 'undici';
import { HttpNamecheapApi } from '../../../dns/providers/namecheap/http.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { Secret } from '../../../settings/secret.ts';
import { FakeNamecheap } from './fake-namecheap.ts';
import { host } from './zones.ts';

const GLOBAL = { ApiUser: 'user', ApiKey: 'key', UserName: 'user', ClientIp: '127.0.0.1' };
const DOMAIN = { SLD: 'example', TLD: 'com' };
const EMPTY = { emailType: 'NONE', isUsingOurDns: true };
const abort = new AbortController().signal;

function fake(callsAMinute = 50): FakeNamecheap {
  const hosts = [host('@', 'MX', 'mx.example.net.'), host('@', 'A', '192.0.2.1')];
  return new FakeNamecheap({
    zones: { 'example.com': { emailType: 'MX', isUsingOurDns: true, hosts } },
    callsAMinute,
  });
}

function post(server: FakeNamecheap, form: Record<string, string>, request = {}): string {
  const body = new URLSearchParams(form).toString();
  const contentType = 'application/x-www-form-urlencoded';
  const reply = server.handle({ method: 'POST', url: '/xml.response', contentType, body, ...request });
  return typeof reply === 'string' ? reply : `${reply.status} ${String(reply.body)}`;
}

const getHosts = { ...GLOBAL, ...DOMAIN, Command: 'namecheap.domains.dns.getHosts' };
const setHosts = { ...GLOBAL, ...DOMAIN, Command: 'namecheap.domains.dns.setHosts' };
const one = { HostName1: '@', RecordType1: 'A', Address1: '192.0.2.9', MXPref1: '10', TTL1: '60' };

const refused: readonly (readonly [name: string, form: Record<string, string>, answer: RegExp])[] = [
  ['no user', { ...getHosts, ApiUser: '' }, /^200 .*Number="1010101"/s],
  ['no address', { ...getHosts, ClientIp: '' }, /Number="1010105"/],
  [
    'a foreign address',
    { ...getHosts, ClientIp: '192.0.2.77' },
    /Number="1011150">Invalid request IP: 192\.0\.2\.77/,
  ],
  ['a wrong key', { ...getHosts, ApiKey: 'x' }, /Number="1011102"/],
  ['a foreign domain', { ...getHosts, SLD: 'other' }, /Number="2019166"/],
  ['a gap in the numbers', { ...setHosts, ...one, HostName3: '@' }, /unknown parameters: HostName3/],
  ['a numbered mail setting', { ...setHosts, ...one, EmailType1: 'MX' }, /unknown parameters: EmailType1/],
  ['half a host', { ...setHosts, HostName1: '@', RecordType1: 'A' }, /host 1 lacks a parameter/],
  ['an unknown type', { ...setHosts, ...one, RecordType1: 'SRV' }, /RecordType SRV is invalid/],
  ['a TTL of 0', { ...setHosts, ...one, TTL1: '0' }, /Number="2050900"/],
];
for (const [name, form, answer] of refused) {
  test(`${name} is refused, and the zone is as it was`, () => {
    const server = fake();
    const before = server.zone('example.com');
    assert.match(post(server, form), answer);
    assert.equal(server.zone('example.com'), before);
  });
}

test('only POST of a form, without a query, is answered', () => {
  assert.match(post(fake(), getHosts, { method: 'GET' }), /^400 GET/);
  assert.match(post(fake(), getHosts, { url: '/xml.response?ApiKey=key' }), /^400 wrong path/);
  assert.match(post(fake(), getHosts, { contentType: 'application/json' }), /^400 content type/);
});

test('a write deletes all that it does not name, and without the mail setting the mail too', () => {
  const server = fake();
  assert.match(
    post(server, { ...setHosts, ...one, RecordType1: 'MX', Address1: 'mx.example.net.' }),
    /IsSuccess="true"/,
  );
  assert.deepEqual(server.zone('example.com'), { emailType: 'NONE', isUsingOurDns: true, hosts: [] });
});

test('the call after the last one of the minute gets 405', () => {
  const server = fake(2);
  assert.deepEqual(
    [1, 2, 3].map(() => post(server, getHosts).slice(0, 3)),
    ['200', '200', '405'],
  );
});

test('by HTTP the real client talks to it, and people see the zone', async (t) => {
  const server = await FakeNamecheap.start({ zones: { 'example.com': { ...EMPTY, hosts: [] } } });
  t.after(() => server.stop());
  const dispatcher = new Agent();
  t.after(() => dispatcher.close());
  const account = { apiUser: 'user', apiKey: new Secret('key'), userName: undefined, clientIp: '127.0.0.1' };
  const api = new HttpNamecheapApi({ ...account, apiUrl: server.url }, { clock: systemClock, dispatcher });
  const hosts = [host('app', 'A', '192.0.2.1', { ttl: '60' }), host('t', 'TXT', 'é "quoted" & <x>')];
  await api.setHosts('example.com', hosts, 'NONE', abort);
  const list = await api.getHosts('example.com', abort);
  assert.deepEqual(
    list.hosts.map(({ name, type, address }) => [name, type, address]),
    [
      ['app', 'A', '192.0.2.1'],
      ['t', 'TXT', 'é "quoted" & <x>'],
    ],
  );
  assert.equal(await api.countHosts('example.com', abort), 2);
  const zone = await (await fetch(`${server.adminUrl}/admin/zones/example.com`)).json();
  assert.deepEqual(zone, { ...EMPTY, hosts });
  server.misbehave('getHosts', { kind: 'reset' });
  assert.deepEqual(await api.getHosts('example.com', abort), list);
  server.misbehave('getHosts', { kind: 'reset' }, 2);
  await assert.rejects(api.getHosts('example.com', abort), { name: 'DnsError', code: 'network' });
  server.misbehave('setHosts', { kind: 'reset' });
  await assert.rejects(api.setHosts('example.com', hosts, 'NONE', abort), { code: 'network' });
  const reads = Array.from({ length: 4 }, () => 'getHosts');
  assert.deepEqual(
    server.calls.map(({ command }) => command),
    ['setHosts', 'getHosts', 'getInfo', ...reads, 'setHosts'],
  );
});
