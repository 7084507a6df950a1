import { test } from 'node:test';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { attack } from './support/attack.ts';
import { fuzz, seedOfRun } from './support/fuzz.ts';
import { ask, IN_CHUNKS, packetOf, WITHOUT_HOST } from './support/requests.ts';
import { FUZZ_LANES, STRENGTH } from './support/strength.ts';
import { underAttack } from './support/under-attack.ts';
import { controllerVictim } from './support/victims.ts';

const plane = await sharedControlPlane();

test('a controller lives through what strangers send to it', async (t) => {
  const victim = await controllerVictim(t, plane);
  const { port } = victim;
  const pipelined: Readonly<Record<string, string>> = {
    'of metrics': packetOf(ask('/metrics')),
    'of the page': packetOf(ask('/')),
    'without a host': packetOf(WITHOUT_HOST),
    'with a body in chunks': IN_CHUNKS,
  };
  for (const [what, first] of Object.entries(pipelined)) {
    await t.test(`pipelined requests ${what}`, (t) =>
      underAttack(t, victim, (signal) =>
        attack({ port, connections: 10 * STRENGTH, first, lifeMs: 1_500 }, signal),
      ),
    );
  }
  await t.test('connections that ask nothing', (t) =>
    underAttack(t, victim, (signal) => attack({ port, connections: 300 * STRENGTH }, signal)),
  );
  await t.test('connections that read nothing', (t) =>
    underAttack(t, victim, (signal) =>
      attack({ port, connections: 300 * STRENGTH, first: ask('/'), deaf: true }, signal),
    ),
  );
  await t.test('listeners that read nothing', (t) =>
    underAttack(t, victim, (signal) =>
      attack({ port, connections: 300 * STRENGTH, first: ask('/api/events'), deaf: true }, signal),
    ),
  );
  await t.test('connections that ask for ever', (t) =>
    underAttack(t, victim, (signal) =>
      attack(
        {
          port,
          connections: 30 * STRENGTH,
          first: ask('/metrics'),
          repeat: { text: ask('/metrics'), everyMs: 50 },
        },
        signal,
      ),
    ),
  );
  const seed = seedOfRun();
  await t.test(`anything at all on its ports, HOSTILE_SEED=${seed}`, (t) =>
    underAttack(t, victim, (signal) =>
      fuzz({ targets: [{ port, tls: false }], seed, lanes: FUZZ_LANES }, signal),
    ),
  );
});
