import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';

const RUN = new URL('run.ts', import.meta.url).pathname;
/** More than a pipe holds; something is left that would keep the process alive. */
const TESTS = 2_000;
const LONG = `
import { test } from 'node:test';
for (let i = 0; i < ${TESTS}; i += 1) test('a name of a hundred characters or so, which fills the pipe to the reader '.repeat(2) + i, () => {});
setInterval(() => {}, 1_000);`;
const HOOKED = `import { beforeEach, test } from 'node:test'; beforeEach(() => { throw new Error('hook'); }); test('hooked', () => {});`;
const BROKEN = `throw new Error('cannot be loaded');`;
const PASSING = `import { test } from 'node:test'; test('passes', () => {});`;
const FAILING = `import { test } from 'node:test'; test('fails', () => { throw new Error('as it should'); });`;
const CLIENT = `import { test } from 'node:test'; import { deepEqual } from 'node:assert/strict';
test('the models of the Kubernetes client are not loaded', async () => {
  deepEqual(Object.keys(await import('@kubernetes/client-node')), ['KubeConfig']);
});`;
/** Neither ends by itself: the first is busy for ever, what the second started holds its output. */
const BUSY = `import { test } from 'node:test'; test('busy', () => { for (;;); });`;
const LEFT = `import { test } from 'node:test'; import { spawn } from 'node:child_process';
test('leaves something', () => spawn('sleep', ['10'], { stdio: 'inherit', detached: true }).unref());`;
const FLAGS = `import { test } from 'node:test'; import { ok } from 'node:assert/strict';
test('flags', () => ok(process.execArgv.includes('--no-concurrent-recompilation')));`;

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-'));
  const files = {
    'a-later.test.mjs': FAILING,
    'b-first.test.mjs': LONG,
    'passing.test.mjs': PASSING,
    'hooked.test.mjs': HOOKED,
    'broken.test.mjs': BROKEN,
    'client.test.mjs': CLIENT,
    'busy.test.mjs': BUSY,
    'left.test.mjs': LEFT,
    'flags.test.mjs': FLAGS,
  };
  for (const [name, code] of Object.entries(files)) await writeFile(join(folder, name), code);
});
after(() => rm(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/** With the files as `make` names them: below the folder in which it runs. */
async function run(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [RUN, ...args], { cwd: folder, env: { PATH: process.env.PATH } });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { out, errors, code: await code };
}

test('files run in the order given, each is reported to its end, and one that fails is told by the exit code', async () => {
  const { code, out } = await run('b-first.test.mjs', 'a-later.test.mjs');
  assert.equal(code, 1);
  assert.match(out, new RegExp(`^ℹ tests ${TESTS + 1}$`, 'm'));
  assert.match(out, new RegExp(`^ℹ pass ${TESTS}$`, 'm'));
  assert.ok(out.indexOf('✔ a name') < out.indexOf('✖ fails'));
});

test('where all pass the exit code is 0, and at the end is what it has cost', async () => {
  const { code, out } = await run('passing.test.mjs', '--together', 'flags.test.mjs', 'client.test.mjs');
  assert.equal(code, 0);
  assert.match(out, /^ℹ \d+\.\d s, (?:\d+\.\d|\?) s of processors: passing\.test\.mjs$/m);
  assert.match(out, /s of processors: flags\.test\.mjs and 1 more$/m);
  assert.match(out, /^ℹ \d+ s of processors in \d+ s: \d+ % of them\n$(?![\s\S])/m);
});

test('a test process has of the Kubernetes client what the shipped programs have', async () => {
  const { code, out } = await run('client.test.mjs');
  assert.equal(code, 0, out);
});

test('files that share a process keep their hooks to themselves, and one that cannot be loaded is told', async () => {
  const { code, out } = await run('--together', 'hooked.test.mjs', 'broken.test.mjs', 'passing.test.mjs');
  assert.equal(code, 1);
  assert.match(out, /✔ passes/);
  assert.match(out, /✖ hooked/);
  assert.match(out, /cannot be loaded/);
  assert.match(out, /^ℹ pass 1$/m);
});

test('a test process does not compile beside what it runs', async () => {
  const { code, out } = await run('flags.test.mjs');
  assert.equal(code, 0, out);
});

test('a file that is busy for ever is killed and told, and the others are reported', async () => {
  const { code, out } = await run('--timeout-ms=1000', 'busy.test.mjs', 'passing.test.mjs');
  assert.equal(code, 1);
  assert.match(out, /✔ passes/);
  assert.match(out, /✖ .*busy\.test\.mjs/);
});

test('a file whose output is held by what it started ends the run', async () => {
  const { code, errors } = await run('--timeout-ms=1000', 'left.test.mjs');
  assert.equal(code, 1);
  assert.match(errors, /left\.test\.mjs: something that it started/);
});
