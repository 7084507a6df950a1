/** `make bench`: speed and memory of the three programs, measured from outside of it. `--short`: fewer of everything. */

import { parseArgs, styleText } from 'node:util';
import { measureAdmission } from './admission.ts';
import { timeCommandLine } from './command-line.ts';
import { measureFollowing } from './following.ts';
import { buildGoPeers } from './go-peers.ts';
import { describeMachine } from './machine.ts';
import { timeDns, timeUnwatched, timeWatched } from './moves.ts';
import { startPlane } from './plane.ts';
import { type Results, rowsOf, writeResults } from './results.ts';
import { timeRouting } from './routing.ts';
import type { Row } from './rows.ts';
import { measureScale, seedNamespaces } from './scale.ts';
import { measureSidecar } from './sidecar.ts';
import { type Start, timeStart } from './starts.ts';

const FULL = {
  starts: 5,
  commands: 20,
  watched: 150,
  dns: 4,
  unwatched: 6,
  flips: 100,
  routed: 60,
  requests: 20_000,
  services: 500,
  seconds: 20,
  namespaces: 500,
};
const SHORT = {
  starts: 2,
  commands: 5,
  watched: 40,
  dns: 1,
  unwatched: 1,
  flips: 20,
  routed: 10,
  requests: 5_000,
  services: 50,
  seconds: 5,
  namespaces: 50,
};

const { values } = parseArgs({ options: { short: { type: 'boolean', default: false } } });
const results = await measure(values.short ? SHORT : FULL);
print(results);
// A short run has too few samples to judge by.
if (!values.short && rowsOf(results).some(({ target }) => target?.met === false)) process.exitCode = 1;
console.log(`\nAll samples: ${await writeResults(results)}`);

async function measure(size: typeof FULL): Promise<Results> {
  const machine = describeMachine();
  await using ends = new AsyncDisposableStack();
  progress('starting a control plane');
  const plane = await startPlane(ends);
  const peers = await buildGoPeers(progress);

  const starts: Start[] = [];
  for (let start = 0; start < size.starts; start += 1) {
    progress(`start ${start + 1} of ${size.starts}`);
    starts.push(await timeStart(plane));
  }
  progress(`${2 * size.commands} runs of the command line`);
  const commands = await timeCommandLine(plane, size.commands);
  progress(`${size.watched} moves, each followed by the controller, a bare client and one in Go in turn`);
  const watched = await timeWatched(plane, size.watched, peers);
  progress(`${size.dns} moves until the DNS provider has accepted`);
  const dns = await timeDns(plane, size.dns);
  progress(`${size.unwatched} moves with every watch silently dead`);
  const unwatched = await timeUnwatched(plane, size.unwatched);
  progress(`${size.flips} moves until the sidecars answer, then ${2 * size.requests} requests`);
  const sidecar = await measureSidecar(plane, size);
  progress(`${size.routed} moves until the Service routes to the new site`);
  const routing = await timeRouting(size.routed);
  progress(`${size.services} Services that follow`);
  const following = await measureFollowing(size.services);
  progress(`${(peers ? 6 : 4) * size.seconds} s of admission reviews`);
  const admission = await measureAdmission(plane, size, peers);
  progress(`${size.namespaces} namespaces full of injected pods`);
  await seedNamespaces(plane, size.namespaces);
  const scale = await measureScale(plane, size.namespaces);
  return {
    machine,
    starts,
    commands,
    watched,
    dns,
    unwatched,
    sidecar,
    routing,
    following,
    admission,
    scale,
  };
}

function progress(what: string): void {
  process.stderr.write(`… ${what}\n`);
}

function print({ machine }: Results): void {
  console.log(`\n${machine.commit}, node ${machine.node}, ${machine.cores} × ${machine.cpu}`);
  console.log(`Load of the machine before the run: ${machine.loadBefore.toFixed(1)}\n`);
  console.log(`${''.padEnd(31)}    p50    p95    p99    max`);
  for (const row of rowsOf(results)) console.log(line(row));
}

function line({ what, figures, target }: Row): string {
  const verdict =
    target && `${styleText(target.met ? 'green' : 'red', target.met ? '✓' : '✗')} ${target.text}`;
  return `${what.padEnd(31)}${figures.padEnd(40)}${verdict ?? ''}`.trimEnd();
}
