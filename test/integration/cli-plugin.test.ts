import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { VERSION } from '../../contract/version.ts';
import { CLI_BUNDLE, runCli } from '../support/cli.ts';
import { createScene } from '../support/scene.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { findTools } from '../support/tools.ts';

/** kubectl as it is released, which finds the program by its name in the PATH. */

const plane = await sharedControlPlane();
const PLUGIN = 'kubectl-site_follower';
/** With the pods of all other tests in it. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
let folder: string;
let kubectl: (...args: string[]) => Promise<{ stdout: string; stderr: string }>;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plugin-'));
  const tools = await findTools();
  const { out: completion } = await runCli(['completion', 'kubectl'], {});
  await mkdir(join(folder, 'bin'));
  // As npm links what package.json calls its bin.
  await symlink(CLI_BUNDLE, join(folder, 'bin', PLUGIN));
  const helper = join(folder, 'bin', 'kubectl_complete-site_follower');
  await writeFile(helper, completion);
  await chmod(helper, 0o755);
  const env = {
    PATH: [join(folder, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: folder,
    KUBECONFIG: plane.kubeconfig,
  };
  kubectl = (...args) => promisify(execFile)(tools.kubectl, args, { env, maxBuffer: MAX_OUTPUT_BYTES });
});
after(() => rm(folder, { recursive: true }));

test('npm links the bundle under the name that kubectl looks for, and it can be run', async () => {
  const { bin } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.deepEqual(bin, { [PLUGIN]: 'dist/cli.mjs' });
  assert.ok((await stat(CLI_BUNDLE)).mode & 0o100, 'it is executable');
});

test('kubectl finds the plugin, and gives it what is said to it', async (t) => {
  const scene = await createScene(t, plane);
  await scene.startAndSettle();
  const { stdout } = await kubectl('plugin', 'list', '--name-only');
  assert.ok(stdout.split('\n').includes(PLUGIN), stdout);
  assert.equal((await kubectl('site-follower', '--version')).stdout, `${VERSION}\n`);
  const status = await kubectl('site-follower', 'status', '-n', scene.namespace, '-o', 'json');
  assert.equal(JSON.parse(status.stdout).followers[0].status.activeSite, 'us-east');
  await assert.rejects(kubectl('site-follower', 'status', '-n', 'nowhere'), { code: 3 });
});

test('kubectl completes its commands and their options', async () => {
  const { stdout } = await kubectl('__complete', 'site-follower', 'hist');
  assert.match(stdout, /^history\t/);
  assert.match((await kubectl('__complete', 'site-follower', 'status', '--w')).stdout, /^--watch\t/);
});
