import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse, stringify } from 'yaml';
import type { StatusView } from '../../cli/status/view.ts';
import type { Permission } from '../../runtime/rights.ts';
import { CLI_BUNDLE, processorTime, runCli, startCli } from '../support/cli.ts';
import { grant } from '../support/rbac.ts';
import { createScene, EAST, WEST } from '../support/scene.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const plane = await sharedControlPlane();
const ADMIN = { KUBECONFIG: plane.kubeconfig };
const LIMIT_MS = 30_000;

/** What docs/cli.md says that somebody needs who may look at one namespace only. */
const look = (namespace: string): readonly Permission[] => [
  { namespace, group: '', resource: 'configmaps', verbs: ['list', 'watch'], reason: 'Reads the status.' },
];

describe('kubectl site-follower status', () => {
  test('shows what the controller has published, as text and for programs', async (t) => {
    const scene = await createScene(t, plane);
    await scene.startAndSettle();
    const look = ['status', '-n', scene.namespace];
    const text = await runCli(look, ADMIN);
    assert.deepEqual([text.code, text.err], [0, '']);
    assert.match(text.out, /^Site {5}us-east is active since .*epoch 1\)\nPrimary {2}pg-1 on east-/);
    assert.match(text.out, /^us-west +standby/m);

    const json = await runCli([...look, '-o', 'json'], ADMIN);
    const [follower] = (JSON.parse(json.out) as StatusView).followers;
    assert.equal(follower?.status?.activeSite, EAST);
    assert.equal(follower?.leader?.alive, true);
    const yaml = await runCli([...look, '-o', 'yaml'], ADMIN);
    assert.match(yaml.out, /^ {6}activeSite: us-east$/m);

    await t.test(
      'takes little of the processor: what `make bench` times on an idle machine',
      async (step) => {
        // Other tests take the processors too, which makes all programs slower alike: so beside one that does nothing.
        const times = async (program: readonly string[]) => {
          const [nothing, own] = [
            await processorTime(['-e', '0'], ADMIN),
            await processorTime(program, ADMIN),
          ];
          step.diagnostic(
            `${program.slice(1).join(' ')}: ${own} ms of a processor, nothing at all: ${nothing} ms`,
          );
          return own / nothing;
        };
        // Once is proof that it can.
        const least = async (args: readonly string[], limit: number) => {
          let best = Number.POSITIVE_INFINITY;
          for (let run = 0; run < 10 && best > limit; run += 1)
            best = Math.min(best, await times([CLI_BUNDLE, ...args]));
          return best;
        };
        assert.ok((await least(['--help'], 4)) <= 4);
        assert.ok((await least(look, 15)) <= 15);
      },
    );
  });

  test('finds the controller by itself where there is one, and asks where there are several', async (t) => {
    const scene = await createScene(t, plane);
    await scene.startAndSettle();
    const { code, out, err } = await runCli(['status'], ADMIN);
    // Other tests may run controllers of their own on this API server.
    if (code === 0) assert.match(out, /us-east is active/);
    else assert.match(err, /^There are controllers in .*: say which with -n\.\n$/);
  });

  test('shows it again with each change', async (t) => {
    const scene = await createScene(t, plane);
    await scene.startAndSettle();
    const watching = await startCli(['status', '-w', '-o', 'json', '-n', scene.namespace], ADMIN);
    t.after(() => watching.stop());
    const shows = (site: string) =>
      watching.waitForLine((line) => line.includes(`"activeSite": "${site}"`) || undefined, LIMIT_MS);
    await shows(EAST);
    await scene.moveTo(WEST);
    await shows(WEST);
    watching.signal('SIGINT');
    assert.deepEqual(await watching.exited, { code: 130, signal: null });
  });

  test('shows what somebody with fewer rights may see', async (t) => {
    const scene = await createScene(t, plane);
    await scene.startAndSettle();
    const user = { name: `looker-${scene.namespace}` };
    await grant(plane, { user, rights: look(scene.namespace) });
    const env = { KUBECONFIG: await plane.kubeconfigFor(user) };
    const { code, out, err } = await runCli(['status', '-n', scene.namespace], env);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /^us-east +active +\? +east-/m);
    assert.match(out, /^\?: you may not list pods in all namespaces\.$/m);
    assert.doesNotMatch(out, /Leader/);
    const anywhere = await runCli(['status'], env);
    assert.equal(anywhere.code, 3);
    assert.match(anywhere.err, /^You may not list ConfigMaps everywhere.*say with -n/);
  });

  test('says what is wrong when there is nothing to show', async () => {
    const nothing = await runCli(['status', '-n', 'nowhere'], ADMIN);
    assert.deepEqual([nothing.code, nothing.out], [3, '']);
    assert.match(nothing.err, /^The controller is not installed in namespace nowhere: /);
    const nobody = await plane.kubeconfigFor({ name: 'nobody' });
    const forbidden = await runCli(['status', '-n', 'default'], { KUBECONFIG: nobody });
    assert.equal(forbidden.code, 3);
    assert.match(
      forbidden.err,
      /User "nobody" cannot list resource "configmaps".*"default"\. Ask for the permissions/,
    );
    const kubeconfig = parse(await readFile(plane.kubeconfig, 'utf8'));
    const login = join(plane.folder, 'wrong-login.kubeconfig');
    await writeFile(login, stringify({ ...kubeconfig, users: [{ name: 'test', user: { token: 'old' } }] }));
    const unknown = await runCli(['status'], { KUBECONFIG: login });
    assert.deepEqual([unknown.code, unknown.out], [3, '']);
    assert.match(
      unknown.err,
      /401: Unauthorized\. The credentials in your kubeconfig are invalid.*log in again/,
    );
    const away = await runCli(
      ['status', '--kubeconfig', await plane.kubeconfigFor('admin', { server: 'https://127.0.0.1:1' })],
      {},
    );
    assert.equal(away.code, 3);
    assert.match(away.err, /nothing listens there/);
    const context = await runCli(['status', '--context', 'other'], ADMIN);
    assert.equal(context.code, 3);
    assert.match(context.err, /has no context other; there are: /);
  });
});
