import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { serveOnLoopback } from './loopback.ts';
import { type ChildProcess, startProcess } from './process.ts';
import { until } from './until.ts';

const run = async (script: string, env: Record<string, string> = {}): Promise<ChildProcess> => {
  const child = await startProcess('script', [process.execPath, '-e', script], { env });
  after(() => child.stop());
  return child;
};

const FOREVER = 'setInterval(() => {}, 1000);';

test('gives log records, those written before and after the asking', async () => {
  const child = await run(
    `console.log('plain'); console.log('{"msg":"a"}'); console.error('{"msg":"b"}'); console.log('{broken'); ${FOREVER}`,
  );
  assert.deepEqual(await child.waitForLog(({ msg }) => msg === 'a', 5_000), { msg: 'a' });
  assert.deepEqual(await child.waitForLog(({ msg }) => msg === 'b', 5_000), { msg: 'b' });
  await child.waitForLine((line) => (line === '{broken' ? line : undefined), 5_000);
  assert.deepEqual(new Set(child.records.map(({ msg }) => msg)), new Set(['a', 'b']));
});

test('says what was written when the awaited line does not come', async () => {
  const child = await run(`console.log('only this'); ${FOREVER}`);
  await child.waitForLine((line) => line || undefined, 5_000);
  await assert.rejects(
    child.waitForLog(() => true, 20),
    /Waited 20 ms in vain: .* did not write the awaited line.*only this/s,
  );
});

test('does not wait for a process that has ended', async () => {
  const child = await run(`console.log('bye'); process.exitCode = 3;`);
  await assert.rejects(
    child.waitForLog(() => true, 60_000),
    /ended before.*bye/s,
  );
  assert.deepEqual(child.exit, { code: 3, signal: null });
  await assert.rejects(child.waitForHttp('http://127.0.0.1:9/', 60_000), /bye/);
});

test('gives it the environment that was asked for, PATH and how Go collects garbage, nothing else', async (t) => {
  const go = { GOGC: '400', GOMEMLIMIT: '4GiB' };
  const { GOGC, GOMEMLIMIT, KUBECONFIG } = process.env;
  Object.assign(process.env, go, { KUBECONFIG: '/of/the/developer' });
  t.after(() => {
    for (const [name, value] of Object.entries({ GOGC, GOMEMLIMIT, KUBECONFIG })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  const child = await run(`console.log(JSON.stringify(process.env)); ${FOREVER}`, { A: '1' });
  assert.deepEqual(await child.waitForLog(() => true, 5_000), { A: '1', PATH: process.env.PATH, ...go });
});

test('waits until an HTTP server answers', async () => {
  let status = 503;
  const server = createServer((_, response) => response.writeHead(status).end());
  const url = `http://127.0.0.1:${await serveOnLoopback({ after }, server)}/`;
  const child = await run(FOREVER);
  await assert.rejects(child.waitForHttp(url, 100), /in vain/);
  status = 200;
  await child.waitForHttp(url, 5_000);
});

test('kills what does not end when asked', async () => {
  const child = await run(`process.on('SIGTERM', () => {}); console.log('on'); ${FOREVER}`);
  await child.waitForLine((line) => line, 5_000);
  assert.deepEqual(await child.stop(50), { code: null, signal: 'SIGKILL' });
});

test('stops a frozen process', async () => {
  const child = await run(FOREVER);
  child.signal('SIGSTOP');
  assert.deepEqual(await child.stop(), { code: null, signal: 'SIGTERM' });
});

test('fails when the program is not there', async () => {
  await assert.rejects(startProcess('nothing', ['/nonexistent/program']), { code: 'ENOENT' });
});

test('leaves no child behind when it is killed itself', async () => {
  const module = JSON.stringify(join(import.meta.dirname, 'process.ts'));
  const parent = await run(
    `import(${module}).then(async ({ startProcess }) => {
       const child = await startProcess('child', [process.execPath, '-e', '${FOREVER}']);
       console.log(JSON.stringify({ pid: child.pid }));
     });`,
  );
  const { pid } = await parent.waitForLog(() => true, 10_000);
  assert.ok(isRunning(pid as number));
  parent.signal('SIGKILL');
  await until('the child has ended', () => !isRunning(pid as number) || undefined, { timeoutMs: 10_000 });
});

/** A zombie has ended: whether somebody collects it is the machine's business. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false; // There is no such process.
  }
  return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
