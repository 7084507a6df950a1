/** What only Route 53 has, tried on moto: zones of one name, credentials from anywhere, changes that are under way. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DnsError } from '../../dns/provider.ts';
import type { RecordSet } from '../../dns/records.ts';
import { longestZone } from '../../dns/zones.ts';
import type { Environment } from '../support/controller-process.ts';
import { connect } from '../support/dns/harness.ts';
import { type MotoHarness, startMoto } from '../support/dns/moto-harness.ts';

const abort = new AbortController().signal;
const guard = { abort, assertMayWrite: () => undefined };
const APP = 'app.example.com';
const desired: RecordSet = { name: APP, type: 'A', ttl: 60, values: ['192.0.2.1'] };

describe('Route 53', () => {
  const undo: (() => unknown)[] = [];
  const ends = { after: (end: () => unknown) => undo.push(end) };
  let harness: MotoHarness;
  before(async () => {
    harness = await startMoto(ends);
  });
  after(async () => {
    for (const end of undo.reverse()) await end();
  });

  const open = (more: Environment = {}) => connect(harness, { ...harness.environment, ...more }, { ends });
  const refusal = async (more: Environment): Promise<DnsError> => {
    const provider = await open(more);
    return provider.read({ zone: harness.zone, names: [APP], abort }).then(
      () => assert.fail('this must be refused'),
      (error: DnsError) => error,
    );
  };

  test('the public and the private zone of one name are told apart', async () => {
    const [open1, open2] = [await open(), await open({ ROUTE53_PRIVATE_ZONE: 'true' })];
    await open2.apply(harness.zone, [{ action: 'create', desired }], guard);
    assert.deepEqual((await open1.read({ zone: harness.zone, names: [APP], abort })).sets, []);
    assert.deepEqual((await open2.read({ zone: harness.zone, names: [APP], abort })).sets, [desired]);
    const [answer] =
      (await open2.lookup?.({ zone: harness.zone, name: APP, type: 'A', abort }, () =>
        Promise.resolve([]),
      )) ?? [];
    assert.deepEqual(answer, { server: 'Route 53', values: ['192.0.2.1'] });
  });

  test('a zone by its id', async () => {
    const provider = await open({ ROUTE53_ZONE_ID: harness.privateZoneId });
    assert.deepEqual((await provider.read({ zone: harness.zone, names: [APP], abort })).sets, [desired]);
    const strange = await refusal({ ROUTE53_ZONE_ID: harness.otherZoneId });
    assert.equal(strange.kind, 'config');
    assert.match(strange.message, /is that of a\.example\.com, not of example\.com/);
    assert.equal((await refusal({ ROUTE53_ZONE_ID: 'Z000000000000' })).code, 'NoSuchHostedZone');
  });

  test('a zone below another one counts where that one delegates it, and so do private ones', async () => {
    const names = ['app.a.example.com', 'app.nested.example.com'];
    const zonesOf = async (more: Environment = {}) => {
      const zones = (await (await open(more)).zonesWithin?.(harness.zone, names, abort)) ?? [];
      return names.map((name) => longestZone(name, zones));
    };
    assert.deepEqual(await zonesOf(), ['example.com', 'nested.example.com']);
    await harness.createZone('a.example.com', true);
    assert.deepEqual(await zonesOf({ ROUTE53_PRIVATE_ZONE: 'true' }), ['a.example.com', 'example.com']);
  });

  test('two zones that both fit are not chosen between', async () => {
    const twice = await harness.createZone('twice.example.net');
    const again = await harness.createZone('twice.example.net');
    const provider = await open();
    await assert.rejects(
      provider.read({ zone: 'twice.example.net', names: ['app.twice.example.net'], abort }),
      {
        kind: 'config',
        message: new RegExp(`2 public hosted zones twice\\.example\\.net: .*(${twice}|${again})`),
        action: 'Set ROUTE53_ZONE_ID to the right one.',
      },
    );
  });

  test('a change counts as seen when all servers of Route 53 have it', async () => {
    const provider = await open();
    await provider.apply(harness.zone, [{ action: 'create', desired }], guard);
    harness.holdChanges();
    const look = () =>
      provider.lookup?.({ zone: harness.zone, name: APP, type: 'A', abort }, () => Promise.resolve([]));
    assert.deepEqual(await look(), [{ server: 'Route 53 (pending)', values: undefined }]);
    harness.releaseChanges();
    assert.deepEqual(await look(), [{ server: 'Route 53', values: ['192.0.2.1'] }]);
  });

  test('credentials by the token of a service account, as IRSA gives them', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'irsa-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const token = join(folder, 'token');
    await writeFile(token, 'a token of the service account');
    harness.environmentOf(t, {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/site-follower',
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
      AWS_ENDPOINT_URL_STS: harness.url,
    });
    const before = harness.assumedRoles();
    assert.ok(Array.isArray((await (await open()).read({ zone: harness.zone, names: [APP], abort })).sets));
    assert.equal(harness.assumedRoles(), before + 1);
  });

  test('no credentials at all: reported as such', async (t) => {
    harness.environmentOf(t, {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
      AWS_CONFIG_FILE: '/nowhere',
    });
    const error = await refusal({});
    assert.deepEqual([error.kind, error.code], ['config', 'CredentialsProviderError'], error.message);
    assert.match(error.action, /IRSA or Pod Identity/);
  });
});
