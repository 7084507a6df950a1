/**
 * `make bench-scale`: one flip everywhere in a large cluster. `--short`: a small one. Exit code 1 where a flip takes too long, or
 * takes more than one write for a Service.
 */

import { parseArgs } from 'node:util';
import { figuresOf } from './figures.ts';
import { type Large, measureLarge } from './large/measure.ts';
import { describeMachine, writeRun } from './machine.ts';
import { startPlane } from './plane.ts';

const LIMIT_MS = 3_000;
const NUMBERS = { namespaces: '2000', pods: '10', followers: '50', moves: '5' };
const SHORT = { namespaces: '100', pods: '4', followers: '3', moves: '3' };

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    namespaces: { type: 'string' },
    pods: { type: 'string' },
    followers: { type: 'string' },
    moves: { type: 'string' },
  },
});
const number = (name: keyof typeof NUMBERS) => {
  const value = Number(values[name] ?? (values.short ? SHORT : NUMBERS)[name]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number above 0`);
  return value;
};

await using ends = new AsyncDisposableStack();
const machine = describeMachine();
const plane = await startPlane(ends);
const size = { namespaces: number('namespaces'), podsInEach: number('pods'), followers: number('followers') };
const large = await measureLarge(plane, { ...size, moves: number('moves') }, (what) =>
  process.stderr.write(`… ${what}\n`),
);
print(large);
console.log(`\nAll samples: ${await writeRun('scale-', { machine, large })}`);

function print({ namespaces, podsInEach, movedMs, calls, server, memory }: Large): void {
  const { p50, max, count } = figuresOf(movedMs);
  console.log(`\nLoad of the machine before the run: ${machine.loadBefore.toFixed(1)}`);
  console.log(
    `primary → ${namespaces} Services: p50 ${p50.toFixed(0)} ms, max ${max.toFixed(0)} ms, n=${count}`,
  );
  if (max > LIMIT_MS) fail(`a flip takes at most ${LIMIT_MS} ms`);
  const writes = (calls['patch services'] ?? 0) / namespaces / count;
  console.log(
    `writes of each Service in a flip: ${writes.toFixed(3)}; of its pods: ${calls['patch pods'] ?? 0}`,
  );
  if (writes > 1 || calls['patch pods'] !== undefined)
    fail('a flip is one write for each Service, and none for a pod');
  for (const [what, calledFor] of Object.entries(calls))
    console.log(`  ${what.padEnd(28)}${(calledFor / count).toFixed(1)} a flip`);
  const objects = namespaces * (podsInEach + 1);
  for (const { empty, full, later } of memory) {
    const perObject = ((full.anonymous - empty.anonymous) * 1_024) / objects;
    const rss = [empty, full, later].map((one) => one.rss.toFixed(0)).join(' → ');
    console.log(
      `controller: ${rss} MiB RSS empty, full, after the flips; ${perObject.toFixed(2)} KiB an object`,
    );
  }
  for (const [level, { requests, waitedSeconds }] of Object.entries(server.levels))
    console.log(
      `${level}: ${requests} requests, waited ${((waitedSeconds / requests) * 1_000).toFixed(2)} ms on average`,
    );
  console.log(
    `rejected by the API server: ${server.rejected}; processor: ${(server.cpuSeconds / count).toFixed(1)} s a flip`,
  );
  if (server.rejected > 0) fail('the API server rejects nothing');
}

function fail(wanted: string): void {
  console.log(`✗ ${wanted}`);
  process.exitCode = 1;
}
