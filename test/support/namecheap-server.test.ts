import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Agent } from 'undici';
import { HttpNamecheapApi } from '../../dns/namecheap/http.ts';
import { systemClock } from '../../runtime/clock.ts';
import { Secret } from '../../settings/secret.ts';
import { NamecheapStandIn } from './namecheap-server.ts';
import { host } from './namecheap-zones.ts';

const GLOBAL = { ApiUser: 'user', ApiKey: 'key', UserName: 'user', ClientIp: '127.0.0.1' };
const DOMAIN = { SLD: 'example', TLD: 'com' };
const signal = new AbortController().signal;

function standIn(callsAMinute = 50): NamecheapStandIn {
  const hosts = [host('@', 'MX', 'mx.example.net.'), host('@', 'A', '192.0.2.1')];
  return new NamecheapStandIn({
    zones: { 'example.com': { emailType: 'MX', isUsingOurDns: true, hosts } },
    callsAMinute,
  });
}

function post(server: NamecheapStandIn, form: Record<string, string>, request = {}): string {
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
    const server = standIn();
    const before = server.zone('example.com');
    assert.match(post(server, form), answer);
    assert.equal(server.zone('example.com'), before);
  });
}

test('only POST of a form, without a query, is answered', () => {
  assert.match(post(standIn(), getHosts, { method: 'GET' }), /^400 GET/);
  assert.match(post(standIn(), getHosts, { url: '/xml.response?ApiKey=key' }), /^400 wrong path/);
  assert.match(post(standIn(), getHosts, { contentType: 'application/json' }), /^400 content type/);
});

test('a write deletes all that it does not name, and without the mail setting the mail too', () => {
  const server = standIn();
  assert.match(
    post(server, { ...setHosts, ...one, RecordType1: 'MX', Address1: 'mx.example.net.' }),
    /IsSuccess="true"/,
  );
  assert.deepEqual(server.zone('example.com'), { emailType: 'NONE', isUsingOurDns: true, hosts: [] });
});

test('the call after the last one of the minute gets 405', () => {
  const server = standIn(2);
  assert.deepEqual(
    [1, 2, 3].map(() => post(server, getHosts).slice(0, 3)),
    ['200', '200', '405'],
  );
});

test('as a process: the real client talks to it, and the administrator sees and changes it', async () => {
  const child = spawn(
    process.execPath,
    [`${import.meta.dirname}/namecheap-server.ts`, '--zone', 'example.com'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const dispatcher = new Agent();
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { url, adminUrl } = JSON.parse(line) as { url: string; adminUrl: string };
    const account = {
      apiUser: 'user',
      apiKey: new Secret('key'),
      userName: undefined,
      clientIp: '127.0.0.1',
      apiUrl: url,
    };
    const api = new HttpNamecheapApi(account, { clock: systemClock, dispatcher });
    const hosts = [host('app', 'A', '192.0.2.1', { ttl: '60' }), host('t', 'TXT', 'é "quoted" & <x>')];
    await api.setHosts('example.com', hosts, 'NONE', signal);
    const list = await api.getHosts('example.com', signal);
    assert.deepEqual(
      list.hosts.map(({ name, type, address }) => [name, type, address]),
      [
        ['app', 'A', '192.0.2.1'],
        ['t', 'TXT', 'é "quoted" & <x>'],
      ],
    );
    assert.equal(await api.countHosts('example.com', signal), 2);
    const zone = await (await fetch(`${adminUrl}/admin/zones/example.com`)).json();
    assert.deepEqual(zone, { emailType: 'NONE', isUsingOurDns: true, hosts });
    const fault = { command: 'getHosts', fault: { kind: 'reset' } };
    await fetch(`${adminUrl}/admin/faults`, { method: 'POST', body: JSON.stringify(fault) });
    await assert.rejects(api.getHosts('example.com', signal), { name: 'DnsError', code: 'network' });
    const calls = (await (await fetch(`${adminUrl}/admin/calls`)).json()) as { command: string }[];
    assert.deepEqual(
      calls.map(({ command }) => command),
      ['setHosts', 'getHosts', 'getInfo', 'getHosts'],
    );
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await dispatcher.close();
    await ended;
  }
});
