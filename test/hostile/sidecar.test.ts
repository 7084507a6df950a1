import { test } from 'node:test';
import { attack } from './support/attack.ts';
import { fuzz, seedOfRun } from './support/fuzz.ts';
import { ask, IN_CHUNKS, packetOf, WITHOUT_HOST } from './support/requests.ts';
import { FUZZ_LANES, STRENGTH } from './support/strength.ts';
import { underAttack } from './support/under-attack.ts';
import { sidecarVictim } from './support/victims.ts';

test('a sidecar lives through what strangers send to it', async (t) => {
  const victim = await sidecarVictim(t);
  const { port, probePort } = victim;
  const pipelined: Readonly<Record<string, readonly [number, string]>> = {
    'of metrics': [probePort, packetOf(ask('/metrics'))],
    'of the answer': [port, packetOf(ask('/active'))],
    'without a host': [probePort, packetOf(WITHOUT_HOST)],
    'with a body in chunks': [probePort, IN_CHUNKS],
  };
  for (const [what, [at, first]] of Object.entries(pipelined)) {
    await t.test(`pipelined requests ${what}`, (t) =>
      underAttack(t, victim, (signal) =>
        attack({ port: at, connections: 10 * STRENGTH, first, lifeMs: 1_500 }, signal),
      ),
    );
  }
  await t.test('connections that ask nothing', (t) =>
    underAttack(t, victim, (signal) => attack({ port: probePort, connections: 300 * STRENGTH }, signal)),
  );
  await t.test('connections that read nothing', (t) =>
    underAttack(t, victim, (signal) =>
      attack({ port, connections: 700 * STRENGTH, first: ask('/events'), deaf: true }, signal),
    ),
  );
  await t.test('connections that ask for ever', (t) =>
    underAttack(t, victim, (signal) =>
      attack(
        {
          port: probePort,
          connections: 70 * STRENGTH,
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
      fuzz(
        {
          targets: [
            { port, tls: false },
            { port: probePort, tls: false },
          ],
          seed,
          lanes: FUZZ_LANES,
        },
        signal,
      ),
    ),
  );
});
