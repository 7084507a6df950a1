/** Real name servers that refuse; the contract of all providers is in dns-providers.test.ts. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DnsError } from '../../dns/provider.ts';
import type { RecordSet } from '../../dns/records.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { Environment } from '../support/controller-process.ts';
import { connect, type Harness } from '../support/dns/harness.ts';
import { nameServerHarness } from '../support/dns/name-server-harness.ts';
import { startBind, startKnot } from '../support/dns/name-servers.ts';
import { startPowerDns } from '../support/dns/power-dns.ts';

const abort = new AbortController().signal;
const guard = { abort, assertMayWrite: () => undefined };
const HOUR_MS = 3_600_000;

const aheadBy = (ms: number): Clock => ({ ...systemClock, now: () => systemClock.now() + ms });

for (const [name, start, algorithm, otherAlgorithm] of [
  ['BIND 9', startBind, 'hmac-sha256', 'hmac-sha512'],
  ['Knot', startKnot, 'hmac-sha512', 'hmac-sha256'],
  ['PowerDNS', startPowerDns, 'hmac-sha256', 'hmac-sha512'],
] as const) {
  describe(`${name} refuses`, () => {
    const undo: (() => unknown)[] = [];
    const ends = { after: (end: () => unknown) => undo.push(end) };
    let harness: Harness;
    before(async () => {
      harness = await nameServerHarness(start, algorithm)(ends);
    });
    after(async () => {
      for (const end of undo.reverse()) await end();
    });

    const read = async (more: Environment, clock = systemClock): Promise<DnsError> => {
      const provider = await connect(harness, { ...harness.environment, ...more }, { ends, clock });
      return refusal(provider.read({ zone: harness.zone, names: [`app.${harness.zone}`], abort }));
    };
    const apply = async (zone: string, desired: RecordSet): Promise<DnsError> => {
      const provider = await connect(harness, harness.environment, { ends });
      return refusal(provider.apply(zone, [{ action: 'create', desired }], guard));
    };
    const address = (host: string, zone = harness.zone): RecordSet => ({
      name: `${host}.${zone}`,
      type: 'A',
      ttl: 60,
      values: ['192.0.2.1'],
    });

    /** PowerDNS refuses a signature without a word of what is wrong with it; the advice then names all that may be. */
    const code = (known: string) => (name === 'PowerDNS' ? 'NOTAUTH' : known);

    test('a key with another secret', async () => {
      const { environment } = harness.wrongCredentials;
      const error = await read(environment);
      assert.deepEqual([error.kind, error.code], ['config', code('BADSIG')], error.message);
      assert.match(error.action, /RFC2136_TSIG_SECRET/);
    });

    test('a key that it does not know, or not with this algorithm', async () => {
      for (const more of [{ RFC2136_TSIG_NAME: 'stranger' }, { RFC2136_TSIG_ALGORITHM: otherAlgorithm }]) {
        const error = await read(more);
        assert.deepEqual([error.kind, error.code], ['config', code('BADKEY')], error.message);
        assert.match(error.action, /RFC2136_TSIG_NAME/);
      }
    });

    test('a clock that is an hour off, either way', async () => {
      for (const ms of [HOUR_MS, -HOUR_MS]) {
        const error = await read({}, aheadBy(ms));
        assert.deepEqual([error.kind, error.code], ['config', code('BADTIME')], error.message);
        if (name === 'PowerDNS') {
          assert.match(error.action, /clocks/);
          continue;
        }
        const seconds = Number(/(\d+) s/.exec(error.message)?.[1]);
        assert.ok(Math.abs(seconds - HOUR_MS / 1000) < 30, error.message);
        assert.match(error.message, ms > 0 ? /ahead/ : /behind/);
      }
    });

    test('a zone that takes no updates, though it can be read', async () => {
      const zone = `readonly.${harness.zone}`;
      const provider = await connect(harness, harness.environment, { ends });
      assert.deepEqual(await provider.read({ zone, names: [`app.${zone}`], abort }), {
        sets: [],
        others: [],
      });
      const error = await apply(zone, address('app', zone));
      assert.equal(error.kind, 'config', error.message);
      // Knot does not tell a key that may not do this from one that it does not know.
      assert.equal(error.code, name === 'Knot' ? 'BADKEY' : 'REFUSED');
      assert.match(error.message, new RegExp(zone.replaceAll('.', '\\.')));
    });

    test('a name that is in another zone', async () => {
      const error = await apply(harness.zone, { ...address('app'), name: 'app.example.org' });
      assert.equal(error.kind, 'config', error.message);
      assert.equal(error.code, 'NOTZONE');
    });
  });
}

function refusal(promise: Promise<unknown>): Promise<DnsError> {
  return promise.then(
    () => assert.fail('this must be refused'),
    (error: DnsError) => error,
  );
}
