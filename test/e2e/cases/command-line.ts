/** `kubectl site-follower switchover`, as it is shipped: refused for what is in the way, and there and back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SwitchoverView } from '../../../cli/commands/switchover.ts';
import { type CliAnswer, runCli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { RELEASE_NAMESPACE } from '../support/helm.ts';
import { REJOIN_MS } from '../support/limits.ts';
import type { Suite } from '../support/suite.ts';

export function commandLineCases(suite: () => Suite): void {
  const command = (...args: readonly string[]): Promise<CliAnswer> =>
    runCli([...args, '-n', RELEASE_NAMESPACE], { KUBECONFIG: suite().settings.kubeconfig });
  const switchover = (site: string, ...more: readonly string[]) =>
    command('switchover', '--to', site, ...more);
  /** Resolves when it is no longer refused: after a failover, a replica has to tell of the new timeline first. */
  const moved = (site: string): Promise<CliAnswer> =>
    until(
      'nothing is in the way of a switchover',
      async () => {
        await suite().cluster.checkpoint();
        const answer = await switchover(site, '--yes', '-o', 'json');
        if (answer.code === 1) throw new Error(answer.out);
        return answer;
      },
      { timeoutMs: REJOIN_MS },
    );

  test('the command line moves the primary there and back, and tells who has followed', async (context) => {
    if (!suite().isAt(context, 'workload')) return;
    const { results, registrar } = suite();
    const names = ['promoted', 'status', 'routed', 'healthy', ...(registrar === undefined ? [] : ['dns'])];
    for (const way of ['there', 'and back']) {
      await suite().settled(REJOIN_MS);
      const to = suite().standbySite();
      let answer: CliAnswer | undefined;
      await suite().moves('command line', async () => {
        answer = await moved(to);
      });
      assert.deepEqual([answer?.code, answer?.err], [0, ''], answer?.out);
      const { milestones } = JSON.parse(answer?.out ?? '') as SwitchoverView;
      assert.deepEqual(milestones.map(({ name }) => name).sort(), names.toSorted());
      const told = milestones.map(({ name, ms }) => `${name} ${ms ?? 'never'}${ms === null ? '' : ' ms'}`);
      results.row(`\`kubectl site-follower switchover\`, ${way}: after its patch`, told.join(', '));
      assert.ok(milestones.every(({ ms }) => ms !== null));
    }
  });

  test('the command line refuses a switchover while something is in the way', async (context) => {
    if (!suite().isAt(context, 'workload')) return;
    await suite().settled(REJOIN_MS);
    const to = suite().standbySite();
    const { node } = JSON.parse((await switchover(to, '--dry-run', '-o', 'json')).out) as SwitchoverView;
    assert.ok(node);
    const { cluster } = suite();
    await cluster.kubectl(['cordon', node]);
    try {
      const { code, out } = await switchover(to, '--yes');
      assert.equal(code, 1, out);
      assert.match(out, /✗ its node is not cordoned/);
    } finally {
      await cluster.kubectl(['uncordon', node]);
    }
    assert.equal((await switchover('nowhere', '--yes')).code, 2);
    assert.equal(suite().standbySite(), to, 'nothing has moved');
  });
}
