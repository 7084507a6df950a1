import { test } from 'node:test';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { listenAt } from './support/listener.ts';
import { ask, askAgain, IN_CHUNKS, packetOf, pipelined, WITHOUT_HOST } from './support/requests.ts';
import { STRENGTH } from './support/strength.ts';
import { tryAll } from './support/try-all.ts';
import { controllerVictim } from './support/victims.ts';

const plane = await sharedControlPlane();

test('a controller lives through what strangers send to it', async (t) => {
  const victim = await controllerVictim(t, plane);
  const { port } = victim;
  const attacks = {
    'pipelined requests of metrics': pipelined(port, packetOf(ask('/metrics'))),
    'pipelined requests of the page': pipelined(port, packetOf(ask('/'))),
    'pipelined requests without a host': pipelined(port, packetOf(WITHOUT_HOST)),
    'pipelined requests with a body in chunks': pipelined(port, IN_CHUNKS),
    'connections that ask nothing': { port, connections: 300 * STRENGTH },
    'connections that read nothing': { port, connections: 300 * STRENGTH, first: ask('/'), deaf: true },
    'listeners that read nothing': {
      port,
      connections: 300 * STRENGTH,
      first: ask('/api/events'),
      deaf: true,
    },
    'listeners that come and stay': { port, connections: 300 * STRENGTH, first: ask('/api/events') },
    'connections that ask for ever': { port, connections: 30 * STRENGTH, ...askAgain(ask('/metrics'), 50) },
  };
  const beside = listenAt(`${victim.probeUrl}/api/events`);
  await tryAll(t, victim, { attacks, targets: [{ port, tls: false }], beside });
});
