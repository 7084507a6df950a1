import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { Connections } from './connections.ts';

const MAX = 50;
const KUBELET = '10.0.0.2';
const API_SERVER = '10.0.1.2';

/** What the class asks of a socket; its own test with real ones is that of the server. */
class FakeSocket extends EventEmitter {
  static #ports = 1_024;
  destroyed = false;
  readonly remotePort = FakeSocket.#ports++;
  readonly remoteAddress: string;

  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

const asSocket = (socket: FakeSocket) => socket as unknown as Socket;

function open(connections: Connections, address: string, count = 1): readonly FakeSocket[] {
  return Array.from({ length: count }, () => {
    const socket = new FakeSocket(address);
    connections.add(asSocket(socket));
    return socket;
  });
}

function getAnswer(connections: Connections, socket: FakeSocket): void {
  const response = Object.assign(new EventEmitter(), { writableEnded: true, req: { complete: true } });
  connections.begin(asSocket(socket));
  connections.answer(asSocket(socket), response as unknown as ServerResponse);
  response.emit('finish');
}

/** So many clients of one connection each, 250 to a network. */
function strangers(connections: Connections, count: number, each?: (socket: FakeSocket) => void): void {
  for (let index = 0; index < count; index += 1) {
    const [socket] = open(connections, `10.1.${Math.floor(index / 250)}.${index % 250}`);
    if (socket !== undefined) each?.(socket);
  }
}

const isOpen = ({ destroyed }: FakeSocket) => !destroyed;

test('thousands of addresses that never ask cost nobody a connection who was answered', () => {
  const connections = new Connections(MAX);
  const kept = open(connections, API_SERVER, 20);
  for (const socket of kept) getAnswer(connections, socket);
  strangers(connections, 7_000);
  assert.equal(kept.filter(isOpen).length, 20);
  assert.equal(connections.size, MAX);
});

test('a client with two at a time that are not answered yet has no more than strangers with one', () => {
  const connections = new Connections(MAX);
  strangers(connections, 1_000);
  const probes = open(connections, KUBELET, 2);
  strangers(connections, MAX - 2);
  assert.equal(probes.filter(isOpen).length, 2);
});

test('who keeps many that were answered pushes out nobody who has just come', () => {
  const connections = new Connections(MAX);
  for (const socket of open(connections, '10.1.0.1', MAX)) getAnswer(connections, socket);
  const [probe] = open(connections, KUBELET);
  for (const socket of open(connections, '10.1.0.1', 1_000)) getAnswer(connections, socket);
  assert.ok(probe && isOpen(probe));
});

test('of many addresses that were answered those of the network with the most go', () => {
  const connections = new Connections(MAX);
  const kept = open(connections, API_SERVER, 8);
  for (const socket of kept) getAnswer(connections, socket);
  strangers(connections, 1_000, (socket) => getAnswer(connections, socket));
  assert.equal(kept.filter(isOpen).length, 8);
});

for (const [what, addresses] of [
  ['IPv4', (index: number) => `10.9.8.${index}`],
  ['IPv4 in IPv6', (index: number) => `::ffff:10.9.8.${index}`],
  ['IPv6', (index: number) => `2001:db8:0:7:1::${index}`],
] as const) {
  test(`one network with many addresses counts as one: ${what}`, () => {
    const connections = new Connections(MAX);
    const [other] = open(connections, 'fd00:1:2:3::4');
    for (let index = 0; index < 200; index += 1) open(connections, addresses(index));
    assert.ok(other && isOpen(other));
  });
}
