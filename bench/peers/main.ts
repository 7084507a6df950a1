/** `make peers`: ours beside what others use for the same, in one run on one machine. `--short`: fewer of everything. */

import { parseArgs } from 'node:util';
import { explain } from '../../runtime/explain.ts';
import { findDebianProgram } from '../../test/support/binaries/debian.ts';
import { findExternalDns } from '../../test/support/binaries.ts';
import type { ControlPlane } from '../../test/support/control-plane.ts';
import { type Figures, figuresOf } from '../figures.ts';
import { describeMachine, writeRun } from '../machine.ts';
import { startPlane } from '../plane.ts';
import { timeAnswers } from './application.ts';
import type { Comparison, Peers, Way } from './comparison.ts';
import { timeRecords } from './records.ts';

/**
 * The kubelet's syncFrequency, a minute by default, and what its cache takes. Its source has up to half as much again, by chance
 * (workerResyncIntervalJitterFactor in pkg/kubelet/pod_workers.go).
 */
const MOUNTED = {
  upToMs: 60_000,
  source:
    'https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/#mounted-configmaps-are-updated-automatically',
};

const { values } = parseArgs({ options: { short: { type: 'boolean', default: false } } });
const size = values.short ? { moves: 3, writes: 10 } : { moves: 30, writes: 100 };

const peers = await compare();
for (const { what, ways } of peers.comparisons) {
  console.log(`\n${what.padEnd(60)}    p50    p99    max`);
  for (const way of ways) console.log(`  ${way.name.padEnd(58)}${figures(way)}`);
}
if (peers.comparisons.length > 0) console.log(`\nAll samples: ${await writeRun('peers-', peers)}`);

async function compare(): Promise<Peers> {
  const machine = describeMachine();
  await using ends = new AsyncDisposableStack();
  say('starting a control plane');
  const plane = await startPlane(ends);
  const comparisons = [await compareRecords(plane), await compareApplications(plane)];
  return { machine, comparisons: comparisons.filter((one) => one !== undefined) };
}

async function compareRecords(plane: ControlPlane): Promise<Comparison | undefined> {
  try {
    await findExternalDns();
    await findDebianProgram('bind9', 'named');
  } catch (error) {
    say(`skipped: ExternalDNS beside ours, as a program for it is missing: ${explain(error)}`);
    return undefined;
  }
  say(`${size.moves} moves until BIND answers the new address`);
  const { ours, externalDns } = await timeRecords(plane, size.moves);
  return {
    what: 'From the moved primary to the changed record in BIND 9',
    ways: [
      { name: 'kube-site-follower', samples: ours },
      { name: 'ExternalDNS, events on, every second', samples: externalDns.shortest },
      { name: 'ExternalDNS, events on, its defaults', samples: externalDns.default },
    ],
  };
}

async function compareApplications(plane: ControlPlane): Promise<Comparison> {
  say(`${size.writes} writes of the status until the application hears of it`);
  const samples = await timeAnswers(plane, size.writes);
  say('skipped: a mounted ConfigMap, which only a real kubelet keeps; its documented delay is named instead');
  return {
    what: 'From the write of the status to the application',
    ways: [
      { name: 'the sidecar: /active and /events', samples },
      { name: 'a mounted ConfigMap', samples: [], documented: MOUNTED },
    ],
  };
}

function figures({ samples, documented }: Way): string {
  if (samples.length === 0) return `not measured; documented: up to ${documented?.upToMs} ms`;
  const cells = (({ p50, p99, max }: Figures) => [p50, p99, max])(figuresOf(samples));
  return `${cells.map((ms) => ms.toFixed(0).padStart(7)).join('')} ms  n=${samples.length}`;
}

function say(what: string): void {
  process.stderr.write(`… ${what}\n`);
}
