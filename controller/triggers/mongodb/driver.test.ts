import assert from 'node:assert/strict';
import { before, describe, type TestContext, test } from 'node:test';
import { ObjectId } from 'bson';
import { type Authority, createAuthority } from '../../../test/support/certificates.ts';
import { Mongod, type MongodOptions } from '../../../test/support/mongod.ts';
import type { MemberAccess } from './access.ts';
import { connectByDriver, type Member } from './driver.ts';

const NOBODY: MemberAccess = { version: '' };
const LOGIN = { username: 'ops', password: 'p@ss:/?#word' };
const SET = { replicaSet: 'rs0' };
const PRIMARY = {
  isWritablePrimary: true,
  me: 'db-0.db:27017',
  primary: 'db-0.db:27017',
  hosts: ['db-0.db:27017', 'db-1.db:27017'],
  setVersion: 3,
  electionId: new ObjectId('7fffffff0000000000000007'),
};

let authority: Authority;
before(async () => {
  authority = await createAuthority();
});

async function start(t: TestContext, options: MongodOptions = SET) {
  const mongod = new Mongod(options);
  const address = await mongod.start();
  mongod.say(PRIMARY);
  t.after(async () => {
    await mongod.stop();
    assert.deepEqual(mongod.problems, []);
  });
  return { mongod, address };
}

async function open(
  t: TestContext,
  address: string,
  access = NOBODY,
  onChange: () => void = () => undefined,
): Promise<Member> {
  const member = await connectByDriver(address, access, onChange);
  t.after(() => member.close());
  return member;
}

async function serverCertificate() {
  const { certificate: cert, key } = await authority.issue({ name: 'db', ips: ['127.0.0.1'] });
  return { cert, key };
}

describe('MongoDB’s driver', { concurrency: 4 }, () => {
  test('asks a member itself, though the set names others', async (t) => {
    const { mongod, address } = await start(t);
    const member = await open(t, address);
    const hello = await member.hello();
    assert.deepEqual(hello, {
      isWritablePrimary: true,
      setName: 'rs0',
      me: 'db-0.db:27017',
      primary: 'db-0.db:27017',
      electionId: '7fffffff0000000000000007',
      setVersion: 3,
      members: ['db-0.db:27017', 'db-1.db:27017'],
    });
    mongod.say({ ...PRIMARY, isWritablePrimary: false, secondary: true, electionId: undefined });
    assert.equal((await member.hello()).isWritablePrimary, false);
  });

  test('computes no login that would take the threads of all others', async (t) => {
    const { address } = await start(t, { ...SET, login: LOGIN, iterations: 1_000_000 });
    const member = await open(t, address, { version: '1', credentials: LOGIN });
    await assert.rejects(member.hello(), /asks for 1000000 iterations of SCRAM, and no more than 200000/);
  });

  test('hears of a new role without asking', async (t) => {
    const { mongod, address } = await start(t);
    const changes = new EventTarget();
    const member = await open(t, address, NOBODY, () => changes.dispatchEvent(new Event('change')));
    await member.hello();
    const changed = new Promise((resolve) => changes.addEventListener('change', resolve, { once: true }));
    mongod.say({ ...PRIMARY, isWritablePrimary: false, secondary: true, primary: 'db-1.db:27017' });
    await changed;
    assert.equal((await member.hello()).isWritablePrimary, false);
  });

  test('logs in with what the Secret has, whatever characters it has', async (t) => {
    const { mongod, address } = await start(t, { ...SET, login: LOGIN });
    const member = await open(t, address, { version: '', credentials: LOGIN });
    assert.equal((await member.hello()).isWritablePrimary, true);
    assert.equal(mongod.commands.get('saslStart'), 1);
  });

  test('a wrong password is told without it', async (t) => {
    const { address } = await start(t, { ...SET, login: LOGIN });
    const credentials = { username: 'ops', password: 'a wrong one' };
    const member = await open(t, address, { version: '', credentials });
    const error = await rejection(member.hello());
    assert.match(error.message, /Authentication ?Failed/i);
    assert.ok(!`${error.stack} ${JSON.stringify(error)}`.includes(credentials.password));
  });

  test('speaks TLS to who has a certificate of the authority, and shows its own', async (t) => {
    const tls = { ...(await serverCertificate()), ca: authority.certificate, requestCert: true };
    const { address } = await start(t, { ...SET, tls: { ...tls, rejectUnauthorized: true } });
    const own = await authority.issue({ name: 'follower' });
    const access = {
      version: '',
      tls: { ca: authority.certificate, cert: own.certificate, key: own.key },
    };
    assert.equal((await (await open(t, address, access)).hello()).isWritablePrimary, true);
  });

  test('believes nobody whose certificate is of another authority', async (t) => {
    const { address } = await start(t, { ...SET, tls: await serverCertificate() });
    const { certificate: ca } = await createAuthority();
    const member = await open(t, address, { version: '', tls: { ca } });
    await assert.rejects(member.hello(), /certificate/);
  });

  test('gives up a member that hangs, or is not there', async (t) => {
    const { mongod, address } = await start(t);
    mongod.hang();
    const began = performance.now();
    await assert.rejects((await open(t, address)).hello());
    await assert.rejects((await open(t, '127.0.0.1:1')).hello(), /ECONNREFUSED/);
    assert.ok(performance.now() - began < 15_000);
  });

  test('finds a member again that was restarted', async (t) => {
    const { mongod, address } = await start(t);
    const member = await open(t, address);
    await member.hello();
    mongod.dropConnections();
    let hello = await member.hello().catch(() => undefined);
    // The driver takes the member for lost until its monitor has seen it again.
    for (let tries = 0; hello === undefined && tries < 20; tries += 1) {
      hello = await member.hello().catch(() => undefined);
    }
    assert.equal(hello?.isWritablePrimary, true);
  });
});

async function rejection(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof Error, 'this must fail');
  return outcome;
}
