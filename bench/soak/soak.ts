import { setTimeout as delay } from 'node:timers/promises';
import { INSTANT } from '../../test/support/cnpg-operator.ts';
import type { ControlPlaneAccess } from '../../test/support/control-plane-access.ts';
import type { Environment } from '../../test/support/controller-process.ts';
import { startFaultProxy } from '../../test/support/fault-proxy.ts';
import type { ChildProcess } from '../../test/support/process.ts';
import { dnsSettings, startExampleDns } from '../../test/support/two-sites.ts';
import { follow, openLane, statusOf, timeMove } from '../lane.ts';
import { memoryOf } from '../memory.ts';
import type { Sample } from './flatness.ts';
import { makeLoad } from './load.ts';

export interface Soak {
  readonly moves: number;
  readonly samples: readonly Sample[];
}

export interface SoakOptions {
  readonly durationMs: number;
  /** MiB that the controller has; its resident memory by default. */
  readonly memory?: (controller: ChildProcess) => Promise<number>;
  /** How often that is asked, evenly over the time. Default: 300. */
  readonly sampleCount?: number;
  /** More of the controller's environment. */
  readonly settings?: Environment;
  readonly onSample?: (sample: Sample, moves: number) => void;
}

/** Moves the primary back and forth for `durationMs`; each move must be followed. `plane` has the CRDs. */
export async function soak(
  plane: ControlPlaneAccess,
  { durationMs, memory = residentOf, sampleCount = 300, settings, onSample }: SoakOptions,
): Promise<Soak> {
  await using ends = new AsyncDisposableStack();
  const proxy = await startFaultProxy(plane);
  ends.defer(() => proxy.stop());
  const dns = await startExampleDns();
  ends.defer(() => dns.stop());
  const lane = await openLane(plane, ends, INSTANT);
  const kubeconfig = await plane.kubeconfigFor('admin', { server: proxy.url });
  const controller = await follow(lane, ends, {
    kubeconfig,
    settings: { ...dnsSettings(dns), ...settings },
  });

  const stop = new AbortController();
  const startedAt = performance.now();
  const samples: Sample[] = [];
  let moves = 0;
  const isOver = () => performance.now() - startedAt >= durationMs || stop.signal.aborted;
  const move = async () => {
    for (; !isOver(); moves += 1) await timeMove(lane, statusOf(lane));
  };
  const watchMemory = async () => {
    while (!isOver()) {
      await delay(durationMs / sampleCount);
      const mib = await memory(controller.child);
      const sample = { ms: performance.now() - startedAt, mib };
      samples.push(sample);
      onSample?.(sample, moves);
    }
  };
  const load = makeLoad({ plane, controller, proxy }, stop.signal);
  try {
    await Promise.race([Promise.all([move(), watchMemory()]), load]);
  } finally {
    stop.abort();
  }
  await load;
  return { moves, samples };
}

async function residentOf({ pid }: ChildProcess): Promise<number> {
  return (await memoryOf(pid)).rss;
}
