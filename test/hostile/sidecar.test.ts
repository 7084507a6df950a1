import { test } from 'node:test';
import { listenAt } from './support/listener.ts';
import { ask, askAgain, IN_CHUNKS, packetOf, pipelined, WITHOUT_HOST } from './support/requests.ts';
import { STRENGTH } from './support/strength.ts';
import { tryAll } from './support/try-all.ts';
import { sidecarVictim } from './support/victims.ts';

test('a sidecar lives through what strangers send to it', async (t) => {
  const victim = await sidecarVictim(t);
  const { port, probePort } = victim;
  const attacks = {
    'pipelined requests of metrics': pipelined(probePort, packetOf(ask('/metrics'))),
    'pipelined requests of the answer': pipelined(port, packetOf(ask('/active'))),
    'pipelined requests without a host': pipelined(probePort, packetOf(WITHOUT_HOST)),
    'pipelined requests with a body in chunks': pipelined(probePort, IN_CHUNKS),
    'connections that ask nothing': { port: probePort, connections: 300 * STRENGTH },
    'listeners that read nothing': { port, connections: 700 * STRENGTH, first: ask('/events'), deaf: true },
    'listeners that come and stay': { port, connections: 700 * STRENGTH, first: ask('/events') },
    'connections that ask for ever': {
      port: probePort,
      connections: 70 * STRENGTH,
      ...askAgain(ask('/metrics'), 50),
    },
  };
  const targets = [port, probePort].map((port) => ({ port, tls: false }));
  await tryAll(t, victim, { attacks, targets, beside: listenAt(`http://127.0.0.1:${port}/events`) });
});
