import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { systemClock } from '../../runtime/clock.ts';
import { authoritativeLookup, type NameServer } from './authoritative.ts';

const abort = new AbortController().signal;
const sockets: Socket[] = [];
after(() => {
  for (const socket of sockets) socket.close();
});

/** A name server on loopback that answers each question with `answer` (RFC 1035, section 4). */
async function nameServer(
  rcode: number,
  answer?: { readonly type: number; readonly data: Buffer },
): Promise<string> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.on('message', (query, from) => {
    const endOfQuestion = query.indexOf(0, 12) + 5;
    const header = Buffer.alloc(12);
    header.writeUInt16BE(query.readUInt16BE(0), 0);
    header.writeUInt16BE(0x8400 | rcode, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answer === undefined ? 0 : 1, 6);
    socket.send(
      Buffer.concat([header, query.subarray(12, endOfQuestion), record(answer)]),
      from.port,
      from.address,
    );
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return `127.0.0.1:${socket.address().port}`;
}

function record(answer: { readonly type: number; readonly data: Buffer } | undefined): Buffer {
  if (answer === undefined) return Buffer.alloc(0);
  const head = Buffer.from([0xc0, 0x0c, 0, answer.type, 0, 1, 0, 0, 0, 60, 0, answer.data.length]);
  return Buffer.concat([head, answer.data]);
}

const A = { type: 1, data: Buffer.from([192, 0, 2, 1]) };
const AAAA = { type: 28, data: Buffer.from('20010db8000000000000000000000001', 'hex') };
const CNAME = { type: 5, data: Buffer.from('\x04East\x07example\x03net\0', 'latin1') };

test('each server’s own answer is reported: a value, no record, silence', async () => {
  const refusing = await nameServer(5);
  const servers = [
    { name: 'new', addresses: [await nameServer(0, A)] },
    { name: 'absent', addresses: [await nameServer(3)] },
    { name: 'empty', addresses: [await nameServer(0)] },
    { name: 'silent', addresses: [refusing] },
    { name: 'second address', addresses: [refusing, await nameServer(0, A)] },
    { name: 'without address', addresses: [] },
  ];
  const lookup = authoritativeLookup(systemClock, () => Promise.resolve(servers));
  assert.deepEqual(await lookup({ zone: 'example.com', name: 'app.example.com', type: 'A', abort }), [
    { server: 'new', values: ['192.0.2.1'] },
    { server: 'absent', values: [] },
    { server: 'empty', values: [] },
    { server: 'silent', values: undefined },
    { server: 'second address', values: ['192.0.2.1'] },
    { server: 'without address', values: undefined },
  ]);
});

test('AAAA and CNAME come in the form that desired sets have', async () => {
  for (const [type, answer, value] of [
    ['AAAA', AAAA, '2001:db8::1'],
    ['CNAME', CNAME, 'east.example.net'],
  ] as const) {
    const servers = [{ name: 'ns', addresses: [await nameServer(0, answer)] }];
    const lookup = authoritativeLookup(systemClock, () => Promise.resolve(servers));
    assert.deepEqual(await lookup({ zone: 'example.com', name: 'x.example.com', type, abort }), [
      { server: 'ns', values: [value] },
    ]);
  }
});

test('many names of a zone share one search for its name servers', async () => {
  const found = Promise.withResolvers<readonly NameServer[]>();
  let asked = 0;
  const lookup = authoritativeLookup(systemClock, () => {
    asked += 1;
    return found.promise;
  });
  const names = Array.from({ length: 50 }, (_, index) => `host-${index}.example.com`);
  const lookups = names.map((name) => lookup({ zone: 'example.com', name, type: 'A', abort }));
  found.resolve([{ name: 'ns', addresses: [] }]);
  await Promise.all(lookups);
  assert.equal(asked, 1);
});

test('name servers are looked up once in a while; that they cannot be found is no error', async () => {
  let asked = 0;
  const lookup = authoritativeLookup(systemClock, () => {
    asked += 1;
    return asked === 1
      ? Promise.reject(new Error('ENOTFOUND'))
      : Promise.resolve([{ name: 'ns', addresses: [] }]);
  });
  assert.deepEqual(await lookup({ zone: 'example.com', name: 'a.example.com', type: 'A', abort }), []);
  await lookup({ zone: 'example.com', name: 'a.example.com', type: 'A', abort });
  await lookup({ zone: 'example.com', name: 'b.example.com', type: 'A', abort });
  assert.equal(asked, 2);
  await assert.rejects(
    lookup({
      zone: 'example.com',
      name: 'a.example.com',
      type: 'A',
      abort: AbortSignal.abort(new Error('stopped')),
    }),
    /stopped/,
  );
});

test('a name below a delegation, of which the zone shows nothing, is asked of those who have it', async () => {
  const [parent, child] = [await nameServer(0), await nameServer(0, A)];
  const asked: string[] = [];
  const lookup = authoritativeLookup(systemClock, (zone) => {
    asked.push(zone);
    if (zone === 'example.com') return Promise.resolve([{ name: 'parent', addresses: [parent] }]);
    if (zone === 'dev.example.com') return Promise.resolve([{ name: 'child', addresses: [child] }]);
    return Promise.reject(new Error('ENODATA'));
  });
  const found = await lookup({ zone: 'example.com', name: 'app.dev.example.com', type: 'A', abort });
  assert.deepEqual(found, [{ server: 'child', values: ['192.0.2.1'] }]);
  assert.deepEqual(asked, ['example.com', 'app.dev.example.com', 'dev.example.com']);
  const absent = await lookup({ zone: 'example.com', name: 'new.example.com', type: 'A', abort });
  assert.deepEqual(absent, [{ server: 'parent', values: [] }]);
});

test('servers that are asked about every zone are asked once', async () => {
  const servers = [{ name: 'only', addresses: [await nameServer(0)] }];
  let asked = 0;
  sockets.at(-1)?.on('message', () => {
    asked += 1;
  });
  const lookup = authoritativeLookup(systemClock, () => Promise.resolve(servers));
  const found = await lookup({ zone: 'example.com', name: 'app.example.com', type: 'A', abort });
  assert.deepEqual([found, asked], [[{ server: 'only', values: [] }], 1]);
});
