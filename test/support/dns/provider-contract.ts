/** What every DNS provider promises, as tests on a harness. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plan } from '../../../dns/plan.ts';
import { DnsError, type DnsProvider, type WriteGuard } from '../../../dns/provider.ts';
import type { AuthoritativeLookup } from '../../../dns/records/authoritative.ts';
import type { Change, RecordSet, RecordType } from '../../../dns/records.ts';
import { longestZone } from '../../../dns/zones.ts';
import type { Environment } from '../controller-process.ts';
import {
  aroundTests,
  connect,
  type Harness,
  HURRIED,
  portOf,
  type StartHarness,
  silentServer,
} from './harness.ts';
import { startInterceptor } from './interceptor.ts';
import { startWatchedPeer } from './watched-peer.ts';

const TTL = 60;
const ALL: ReadonlySet<RecordType> = new Set(['A', 'AAAA', 'CNAME']);
const abort = new AbortController().signal;
const guard: WriteGuard = { abort, assertMayWrite: () => undefined };
export function providerContract(name: string, start: StartHarness): void {
  describe(`the contract of DNS providers: ${name}`, () => {
    let harness: Harness;
    let provider: DnsProvider;
    const { clock, ends, set } = aroundTests(start, (started, connected) => {
      harness = started;
      provider = connected;
    });

    /** Read, plan and apply, as the signal does. How many changes it took. */
    const reachBy = async (by: DnsProvider, ...desired: RecordSet[]): Promise<number> => {
      const names = [...new Set(desired.map((each) => each.name))];
      clock.skip();
      const changes = plan((await by.read({ zone: harness.zone, names, abort })).sets, desired, ALL);
      if (changes.length > 0) await by.apply(harness.zone, changes, guard);
      return changes.length;
    };
    const reach = (...desired: RecordSet[]): Promise<number> => reachBy(provider, ...desired);
    const shown = async (...hosts: string[]): Promise<string[]> => {
      const names = hosts.map((host) => set(host, 'A').name);
      const { sets: found } = await provider.read({ zone: harness.zone, names, abort });
      return found
        .map(
          (each) =>
            `${each.name.replace(`.${harness.zone}`, '')} ${each.type} ${each.values.toSorted().join()}`,
        )
        .sort();
    };
    /** Every record but those of `hosts`. */
    const foreign = async (...hosts: string[]): Promise<readonly string[]> => {
      const names = hosts.map((host) => `${set(host, 'A').name} `);
      return (await harness.dump()).filter((line) => !names.some((own) => line.startsWith(own)));
    };
    const failure = async (environment: Environment, options: object = {}): Promise<DnsError> => {
      const other = await connect(harness, environment, { ends, ...options });
      return rejection(other.read({ zone: harness.zone, names: [set('app', 'A').name], abort }));
    };

    test('creates what is missing', async () => {
      const before = await foreign('new');
      assert.deepEqual(await shown('new'), []);
      await reach(set('new', 'A', '192.0.2.1'));
      assert.deepEqual(await shown('new'), ['new A 192.0.2.1']);
      assert.deepEqual(await foreign('new'), before);
      const {
        sets: [found],
      } = await provider.read({ zone: harness.zone, names: [set('new', 'A').name], abort });
      assert.equal(found?.ttl, TTL);
    });

    test('changes what differs, and nothing when nothing differs', async () => {
      await reach(set('moved', 'A', '192.0.2.1'));
      const before = await foreign('moved');
      assert.equal(await reach(set('moved', 'A', '192.0.2.1')), 0);
      assert.equal(await reach(set('moved', 'A', '192.0.2.2')), 1);
      assert.deepEqual(await shown('moved'), ['moved A 192.0.2.2']);
      assert.equal(await reach({ ...set('moved', 'A', '192.0.2.2'), ttl: 120 }), 1);
      assert.equal(await reach({ ...set('moved', 'A', '192.0.2.2'), ttl: 120 }), 0);
      assert.deepEqual(await foreign('moved'), before);
    });

    test('one address for several, and several names at once', async () => {
      await harness.meddle({ ...set('many', 'A', '198.51.100.1', '198.51.100.2', '198.51.100.3'), ttl: 300 });
      const before = await foreign('many', 'more');
      await reach(
        set('many', 'A', '192.0.2.1'),
        set('more', 'A', '192.0.2.1'),
        set('more', 'AAAA', '2001:db8::1'),
      );
      assert.deepEqual(await shown('many', 'more'), [
        'many A 192.0.2.1',
        'more A 192.0.2.1',
        'more AAAA 2001:db8::1',
      ]);
      assert.deepEqual(await foreign('many', 'more'), before);
    });

    test('IPv6 addresses, in whatever form', async () => {
      await reach(set('six', 'AAAA', '2001:db8::a:1'));
      assert.deepEqual(await shown('six'), ['six AAAA 2001:db8::a:1']);
      assert.equal(await reach(set('six', 'AAAA', '2001:db8:0:0:0:0:a:1')), 0);
      await reach(set('six', 'A', '192.0.2.1'), set('six', 'AAAA', '2001:db8::a:2'));
      assert.deepEqual(await shown('six'), ['six A 192.0.2.1', 'six AAAA 2001:db8::a:2']);
    });

    test('an internationalised name', async () => {
      const before = await foreign('xn--bcher-kva');
      await reach(set('xn--bcher-kva', 'A', '192.0.2.1'));
      assert.equal(await reach(set('xn--bcher-kva', 'A', '192.0.2.1')), 0);
      await reach(set('xn--bcher-kva', 'CNAME', 'xn--mnchen-3ya.example.org'));
      assert.deepEqual(await shown('xn--bcher-kva'), ['xn--bcher-kva CNAME xn--mnchen-3ya.example.org']);
      assert.deepEqual(await foreign('xn--bcher-kva'), before);
    });

    test('addresses and a CNAME replace each other', async () => {
      await reach(set('alias', 'A', '192.0.2.1'), set('alias', 'AAAA', '2001:db8::1'));
      const before = await foreign('alias');
      await reach(set('alias', 'CNAME', 'west.example.org'));
      assert.deepEqual(await shown('alias'), ['alias CNAME west.example.org']);
      await reach(set('alias', 'A', '192.0.2.2'));
      assert.deepEqual(await shown('alias'), ['alias A 192.0.2.2']);
      assert.deepEqual(await foreign('alias'), before);
    });

    test('a name that changes is never without a record', async () => {
      const looks: Promise<readonly string[]>[] = [];
      const address = await startWatchedPeer(ends, portOf(harness), async () => {
        const look = harness.dump();
        looks.push(look);
        await look;
      });
      const watched = await connect(harness, await harness.at(address), { ends, clock });
      const names = ['watched-1', 'watched-2'].map((host) => set(host, 'A').name);
      const each = (type: RecordType, ...values: string[]) =>
        names.map((name): RecordSet => ({ name, type, ttl: TTL, values }));
      await reach(...each('A', '192.0.2.1'));
      const last = each('A', '192.0.2.6');
      for (const [to, desired] of Object.entries({
        'another value': each('A', '192.0.2.2'),
        'several values': each('A', '192.0.2.3', '192.0.2.4'),
        'several others': each('A', '192.0.2.5', '192.0.2.6'),
        'one of them': last,
        'another TTL': last.map((one) => ({ ...one, ttl: 120 })),
        'a CNAME': each('CNAME', 'west.example.org'),
        'another CNAME': each('CNAME', 'east.example.org'),
        'addresses of both kinds': [...each('A', '192.0.2.7'), ...each('AAAA', '2001:db8::7')],
      })) {
        looks.length = 0;
        assert.ok((await reachBy(watched, ...desired)) >= names.length, to);
        assert.ok(looks.length > 1, `${to}: ${looks.length} answers of the peer were seen`);
        for (const [answer, lines] of (await Promise.all(looks)).entries())
          for (const name of names) {
            const isThere = [...ALL].some((type) =>
              lines.some((line) => line.startsWith(`${name} ${type} `)),
            );
            assert.ok(isThere, `to ${to}: ${name} has no record at answer ${answer + 1} of ${looks.length}`);
          }
      }
    });

    test('the top of the zone', async () => {
      const before = await foreign();
      await reach(set('@', 'A', '192.0.2.1'));
      await reach(set('@', 'A', '192.0.2.2'));
      assert.deepEqual(await shown('@'), [`${harness.zone} A 192.0.2.2`]);
      const own = (line: string) => line.startsWith(`${harness.zone} A `);
      assert.deepEqual(
        (await foreign()).filter((line) => !own(line)),
        before.filter((line) => !own(line)),
      );
    });

    test('a record that changes meanwhile is left alone', async () => {
      await reach(set('raced', 'A', '192.0.2.1'));
      const name = set('raced', 'A').name;
      const changes = plan(
        (await provider.read({ zone: harness.zone, names: [name], abort })).sets,
        [set('raced', 'A', '192.0.2.2')],
        ALL,
      );
      await harness.meddle(set('raced', 'A', '203.0.113.9'));
      clock.skip();
      const error = await rejection(provider.apply(harness.zone, changes, guard));
      assert.equal(error.kind, 'conflict', error.message);
      assert.deepEqual(await shown('raced'), ['raced A 203.0.113.9']);
      await reach(set('raced', 'A', '192.0.2.2'));
      assert.deepEqual(await shown('raced'), ['raced A 192.0.2.2']);
    });

    test('nothing changes while what has to stay has changed, where a call makes all or nothing', async (t) => {
      if (harness.keepsCondition !== true)
        return t.skip('it makes no call depend on what it does not change');
      const stays = set('stays', 'A', '192.0.2.1');
      await reach(stays, set('depends', 'A', '192.0.2.1'));
      const change: Change = {
        action: 'update',
        current: set('depends', 'A', '192.0.2.1'),
        desired: set('depends', 'A', '192.0.2.2'),
      };
      await harness.meddle(set('stays', 'A', '203.0.113.9'));
      clock.skip();
      const late = provider.apply(harness.zone, [change], { ...guard, condition: stays });
      assert.equal((await rejection(late)).kind, 'conflict');
      assert.deepEqual(await shown('depends', 'stays'), ['depends A 192.0.2.1', 'stays A 203.0.113.9']);
      const condition = set('stays', 'A', '203.0.113.9');
      await provider.apply(harness.zone, [change], { ...guard, condition });
      assert.deepEqual(await shown('depends', 'stays'), ['depends A 192.0.2.2', 'stays A 203.0.113.9']);
    });

    test('one bad change among good ones: reported, nothing of others harmed, and right at the next attempt', async () => {
      const desired = [set('good', 'A', '192.0.2.2'), set('bad', 'A', '192.0.2.2')];
      await reach(set('good', 'A', '192.0.2.1'), set('bad', 'A', '192.0.2.1'));
      const before = await foreign('good', 'bad');
      const names = desired.map((each) => each.name);
      const changes: readonly Change[] = plan(
        (await provider.read({ zone: harness.zone, names, abort })).sets,
        desired,
        ALL,
      );
      await harness.meddle(set('bad', 'A', '203.0.113.9'));
      clock.skip();
      await rejection(provider.apply(harness.zone, changes, guard));
      const good = await shown('good');
      assert.ok(
        good[0] === 'good A 192.0.2.1' || (!harness.isAtomic && good[0] === 'good A 192.0.2.2'),
        good[0],
      );
      assert.deepEqual(await shown('bad'), ['bad A 203.0.113.9']);
      assert.deepEqual(await foreign('good', 'bad'), before);
      await reach(...desired);
      assert.deepEqual(await shown('good', 'bad'), ['bad A 192.0.2.2', 'good A 192.0.2.2']);
    });

    test('who may not write does not', async () => {
      await reach(set('guarded', 'A', '192.0.2.1'));
      const before = await harness.dump();
      const name = set('guarded', 'A').name;
      const changes = plan(
        (await provider.read({ zone: harness.zone, names: [name], abort })).sets,
        [set('guarded', 'A', '192.0.2.2')],
        ALL,
      );
      const superseded = new Error('another one leads');
      const refusing = {
        abort,
        assertMayWrite: () => {
          throw superseded;
        },
      };
      await assert.rejects(provider.apply(harness.zone, changes, refusing), superseded);
      assert.deepEqual(await harness.dump(), before);
    });

    test('wrong credentials: reported as such, and never shown', async () => {
      const { environment, secret } = harness.wrongCredentials;
      const error = await failure(environment);
      assert.equal(error.kind, 'config', error.message);
      assert.ok(error.code !== '' && error.action !== '' && (error.retryAfterMs ?? 0) >= 30_000);
      const everything = `${error.message} ${error.action} ${error.stack} ${JSON.stringify(error)}`;
      assert.ok(secret === undefined || !everything.includes(secret), everything);
    });

    test('a zone that is not there: reported as such', async (t) => {
      const { strangeZone: zone } = harness;
      if (zone === undefined) return t.skip('the peer takes records of any zone');
      const error = await rejection(provider.read({ zone, names: [`app.${zone}`], abort }));
      assert.equal(error.kind, 'config', error.message);
      assert.match(error.message, new RegExp(zone.replaceAll('.', '\\.')));
      assert.ok(error.action !== '');
    });

    test('the zones that the peer has', async (t) => {
      const { zone, nestedZone: nested } = harness;
      if (nested === undefined) return t.skip('the peer has no zones below others, or does not tell');
      clock.skip();
      const names = [`app.${nested}`, `app.${zone}`, zone];
      const zones = (await provider.zonesWithin?.(zone, names, abort)) ?? [];
      assert.deepEqual(
        names.map((each) => longestZone(each, zones)),
        [nested, zone, zone],
      );
      const bare = (await provider.zonesWithin?.(nested, [`app.${nested}`], abort)) ?? [];
      assert.equal(longestZone(`app.${nested}`, bare), nested);
    });

    test('a peer that is silent: given up in time, to be tried again', async () => {
      const error = await failure(await harness.at(await silentServer(ends)), { clock: HURRIED });
      assert.deepEqual([error.kind, error.code], ['retry', 'timeout'], error.message);
    });

    test('a peer that is not there', async () => {
      const error = await failure(await harness.at('127.0.0.1:1'));
      assert.deepEqual([error.kind, error.code], ['retry', 'network'], error.message);
    });

    test('an answer of something between, at whichever call: nothing is believed', async (t) => {
      const isHttp = /"http:/.test(JSON.stringify(harness.environment));
      if (!isHttp) return t.skip('the peer is no API by HTTP of its own');
      const between = await startInterceptor(ends, portOf(harness));
      const environment = await harness.at(between.address);
      const { zone } = harness;
      for (const body of ['<html><body><p>Please log in</p></body></html>', '']) {
        between.intercept(0, body);
        const other = await connect(harness, environment, { ends, clock });
        const within = other.zonesWithin?.(zone, [set('between', 'A').name], abort);
        if (within !== undefined) await rejection(within);
        let isWhole = false;
        for (let passed = 0; !isWhole; passed += 1) {
          clock.skip();
          const desired = set('between', 'A', `192.0.2.${100 + passed}`);
          between.intercept(passed, body);
          const writer = await connect(harness, environment, { ends, clock });
          const moved = writer.read({ zone, names: [desired.name], abort }).then(async ({ sets }) => {
            await writer.apply(zone, plan(sets, [desired], ALL), guard);
          });
          const error: unknown = await moved.catch((reason: unknown) => reason);
          isWhole = between.answered() === 0;
          if (isWhole) assert.equal(error, undefined);
          else
            assert.ok(
              error instanceof DnsError && error.scope === 'zone',
              `after ${passed}: ${String(error)}`,
            );
        }
        clock.skip();
        assert.equal((await shown('between')).length, 1);
      }
    });

    test('a stop ends the waiting at once', async () => {
      const other = await connect(harness, await harness.at(await silentServer(ends)), { ends });
      const stop = new AbortController();
      const reading = other.read({ zone: harness.zone, names: [set('app', 'A').name], abort: stop.signal });
      const reason = new Error('stopping');
      setImmediate(() => stop.abort(reason));
      await assert.rejects(reading, reason);
    });

    test('too many calls: reported as such, with how long to wait', async (t) => {
      if (harness.rateLimit === undefined) return t.skip('the protocol has no such answer');
      const other = await connect(harness, harness.environment, { ends });
      harness.rateLimit();
      const error = await rejection(other.read({ zone: harness.zone, names: [set('app', 'A').name], abort }));
      harness.endRateLimit?.();
      assert.equal(error.kind, 'rate', error.message);
      assert.ok((error.retryAfterMs ?? 0) > 0);
    });

    test('what was accepted can be seen', async () => {
      await reach(set('seen', 'A', '192.0.2.2'));
      const { name } = set('seen', 'A');
      const ask: AuthoritativeLookup =
        harness.ask ?? (() => Promise.resolve([{ server: 'ns1', values: ['192.0.2.2'] }]));
      const query = { zone: harness.zone, name, type: 'A', abort } as const;
      const answers = await (provider.lookup?.(query, ask) ?? ask(query));
      const answered = answers.filter(({ values }) => values !== undefined);
      assert.ok(answered.length > 0);
      for (const { values } of answered) assert.deepEqual(values, ['192.0.2.2']);
    });
  });
}

async function rejection(promise: Promise<unknown>): Promise<DnsError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof DnsError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: 'this must fail' });
}
