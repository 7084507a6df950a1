/** How long people wait for the command line. */

import { runCli } from '../test/support/cli.ts';
import type { ControlPlane } from '../test/support/control-plane.ts';
import { FOLLOW_LIMIT_MS, launch, openLane } from './lane.ts';

/** Milliseconds, each of a process of its own. */
export interface CommandLine {
  readonly helpMs: readonly number[];
  readonly statusMs: readonly number[];
}

export async function timeCommandLine(plane: ControlPlane, runs: number): Promise<CommandLine> {
  await using ends = new AsyncDisposableStack();
  const lane = await openLane(plane, ends);
  const settled = lane.status.until(({ activeSite }) => activeSite !== '', FOLLOW_LIMIT_MS);
  await launch(lane, ends);
  await settled;
  const env = { KUBECONFIG: plane.kubeconfig };
  return {
    helpMs: await timeRuns(['--help'], env, runs),
    statusMs: await timeRuns(['status', '-n', lane.cluster.namespace], env, runs),
  };
}

async function timeRuns(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  runs: number,
): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const begun = performance.now();
    const { code, err } = await runCli(args, env);
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${err}`);
    samples.push(performance.now() - begun);
  }
  return samples;
}
