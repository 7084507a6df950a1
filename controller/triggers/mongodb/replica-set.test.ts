import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { KubeError } from '../../../kubernetes/errors.ts';
import { SECRETS } from '../../../kubernetes/resources.ts';
import { APP, TriggerScene } from '../../../test/support/trigger-scene.ts';
import type { MemberAccess } from './access.ts';
import { parseHello } from './hello.ts';
import { ReplicaSetTrigger } from './replica-set.ts';

const MEMBERS = ['db-0.db:27017', 'db-1.db:27017', 'db-2.db:27017'];
const PASSWORD = 'correct horse battery staple';

let kube: TriggerScene;
/** What each member does when it is asked; the first is primary at first. */
let members: Map<string, () => Promise<object> | object>;
let accesses: MemberAccess[];
let open: number;
let change: () => void;
let changes: Map<string, () => void>;
let secrets: { credentialsSecret?: string; tlsSecret?: string };

beforeEach(() => {
  kube = new TriggerScene();
  for (const [index, node] of ['us-1', 'eu-1', 'asia-1'].entries()) kube.createPod(`db-${index}`, node);
  members = new Map();
  accesses = [];
  changes = new Map();
  open = 0;
  secrets = {};
  elect(0, 1);
  kube.make = () =>
    new ReplicaSetTrigger({
      ports: kube.watchPorts,
      namespace: APP,
      replicaSet: 'rs0',
      members: MEMBERS,
      credentialsSecret: secrets.credentialsSecret,
      tlsSecret: secrets.tlsSecret,
      connect: (address, access, onChange) => {
        open += 1;
        accesses.push(access);
        change = onChange;
        changes.set(address, onChange);
        return Promise.resolve({
          hello: async () => parseHello({ ...(await members.get(address)?.()) }),
          close: () => {
            open -= 1;
            return Promise.resolve();
          },
        });
      },
    });
});

afterEach(async () => {
  await kube.watch();
  await kube.end();
  assert.equal(open, 0, 'a connection was left');
});

/** All members agree on this one. */
function elect(primary: number, term: number): void {
  for (const [index, me] of MEMBERS.entries()) {
    const electionId = index === primary ? `7fffffff000000000000000${term}` : undefined;
    const said = { setName: 'rs0', me, primary: MEMBERS[primary], hosts: MEMBERS, setVersion: 1, electionId };
    members.set(me, () => ({ isWritablePrimary: index === primary, ...said }));
  }
}

function fail(index: number, how: () => Promise<object> | object): void {
  members.set(MEMBERS[index] ?? '', how);
}

const refuse = () => Promise.reject(new Error('connect ECONNREFUSED'));

describe('the primary of a replica set', () => {
  test('is followed to the node of its pod', async () => {
    assert.equal(await kube.look(), 'db-0@us-1');
    elect(1, 2);
    assert.equal(await kube.look(), 'db-1@eu-1');
    assert.equal(open, 3, 'the connections are kept');
  });

  test('is found though a member refuses, hangs, or talks nonsense', async () => {
    fail(2, refuse);
    assert.equal(await kube.look(), 'db-0@us-1');
    fail(2, () => ({ isWritablePrimary: 'perhaps' }));
    assert.equal(await kube.look(), 'db-0@us-1');
    fail(2, () => new Promise(() => undefined));
    const slow = kube.observe();
    await kube.clock.advance(12_000);
    assert.equal((await slow).kind, 'located');
  });

  test('is not guessed when it cannot be asked: the older one of two sides is not followed back', async () => {
    elect(1, 2);
    assert.equal(await kube.look(), 'db-1@eu-1');
    elect(0, 1);
    fail(1, refuse);
    fail(2, refuse);
    assert.equal(await kube.look(), 'PrimaryPending');
    fail(0, refuse);
    const seen = await kube.observe();
    assert.ok(seen.kind === 'unknown' && seen.reason === 'SourceUnreachable');
    assert.match(seen.message, /^no member of rs0 answers: db-0.db:27017: connect ECONNREFUSED$/);
  });

  test('wakes the controller when a member has another role', async () => {
    await kube.watch();
    await kube.look();
    assert.equal(await kube.wakesBy(() => change()), true);
  });

  test('wakes it no more than once a second for a member that changes all the time, at once for another', async () => {
    await kube.watch();
    await kube.look();
    const [hostile, honest] = MEMBERS.map((member) => changes.get(member) ?? assert.fail());
    const before = kube.wakes;
    for (let ms = 0; ms < 60_000; ms += 10) {
      hostile?.();
      await kube.clock.advance(10);
    }
    const woken = kube.wakes - before;
    assert.ok(woken >= 60 && woken <= 71, `${woken} times in a minute`);
    const now = kube.wakes;
    honest?.();
    assert.equal(kube.wakes, now + 1);
  });
});

describe('the Secrets', () => {
  function createSecret(name: string, data: Readonly<Record<string, string>>): void {
    const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
    kube.create(SECRETS, { metadata: { namespace: APP, name }, data: Object.fromEntries(encoded) });
  }

  test('give the members their credentials and certificates', async () => {
    secrets = { credentialsSecret: 'login', tlsSecret: 'tls' };
    createSecret('login', { username: 'ops', password: `${PASSWORD}\n` });
    createSecret('tls', { 'ca.crt': 'CA', 'tls.crt': 'CERT', 'tls.key': 'KEY' });
    assert.equal(await kube.look(), 'db-0@us-1');
    const { credentials, tls } = accesses[0] ?? {};
    assert.deepEqual(credentials, { username: 'ops', password: PASSWORD });
    assert.deepEqual(tls, { ca: 'CA', cert: 'CERT', key: 'KEY' });
  });

  test('are read again: the members are connected again when they change', async () => {
    secrets = { credentialsSecret: 'login' };
    createSecret('login', { username: 'ops', password: PASSWORD });
    await kube.look();
    await kube.look();
    assert.equal(accesses.length, 3);
    const password = Buffer.from('another').toString('base64');
    kube.change(SECRETS, { metadata: { namespace: APP, name: 'login' }, data: { password } });
    assert.equal(await kube.look(), 'db-0@us-1');
    assert.deepEqual([accesses.length, accesses.at(-1)?.credentials?.password, open], [6, 'another', 3]);
  });

  test('with a certificate or a key alone hold: members that want both would only hang up', async () => {
    secrets = { tlsSecret: 'tls' };
    createSecret('tls', { 'ca.crt': 'CA', 'tls.crt': 'CERT' });
    const look = async () => {
      const seen = await kube.observe();
      return seen.kind === 'unknown' ? [seen.reason, seen.message] : [];
    };
    const what = 'Secret app/tls of the setting tlsSecret';
    assert.deepEqual(await look(), ['SecretUnusable', `${what} has tls.crt, but no tls.key`]);
    const data = { 'tls.crt': null, 'tls.key': Buffer.from('KEY').toString('base64') };
    kube.change(SECRETS, { metadata: { namespace: APP, name: 'tls' }, data });
    assert.deepEqual(await look(), ['SecretUnusable', `${what} has tls.key, but no tls.crt`]);
    assert.equal(accesses.length, 0);
  });

  test('that are not there, lack a key, or may not be read hold, with the setting’s name', async () => {
    secrets = { credentialsSecret: 'login' };
    const message = async () => {
      const seen = await kube.observe();
      assert.ok(seen.kind === 'unknown' && seen.reason === 'SecretUnusable');
      return seen.message;
    };
    assert.equal(await message(), 'Secret app/login of the setting credentialsSecret does not exist');
    createSecret('login', { username: 'ops' });
    assert.equal(await message(), 'Secret app/login of the setting credentialsSecret has no password');
    kube.judge = ({ resource }) =>
      resource.plural === 'secrets'
        ? new KubeError('secrets "login" is forbidden', { status: 403, reason: 'Forbidden' })
        : undefined;
    assert.match(await message(), /^Secret app\/login .* cannot be read: .*forbidden/);
    assert.equal(accesses.length, 0, 'nobody was asked without the credentials');
  });
});
