/** `make soak`: moves the primary under load for SOAK_MINUTES (60) and fails when the controller's memory grows. */

import { styleText } from 'node:util';
import { startPlane } from './plane.ts';
import { flatness, type Sample } from './soak/flatness.ts';
import { soak } from './soak/soak.ts';

const DEFAULT_MINUTES = 60;
const LINES = 60;
/** From the middle third of the time to the last. A leak of 50 bytes a move would be more in an hour. */
const BOUND_MIB = 4;

const minutes = Number(process.env.SOAK_MINUTES ?? DEFAULT_MINUTES);
if (!(minutes > 0))
  throw new Error(`SOAK_MINUTES must be a number of minutes above 0, not ${process.env.SOAK_MINUTES}`);
const durationMs = minutes * 60_000;

await using ends = new AsyncDisposableStack();
const plane = await startPlane(ends);

console.log('   minute     moves   RSS, MiB');
let shown = 0;
const onSample = ({ ms, mib }: Sample, count: number) => {
  if (ms < (durationMs / LINES) * shown) return;
  shown += 1;
  console.log(
    [(ms / 60_000).toFixed(1), count.toLocaleString('en'), mib.toFixed(1)]
      .map((cell) => cell.padStart(9))
      .join(' '),
  );
};
const { moves, samples } = await soak(plane, { durationMs, onSample });
const { before, after, growth } = flatness(samples);
const flat = growth <= BOUND_MIB;
console.log(
  `\n${moves.toLocaleString('en')} moves. RSS by medians: ${before.toFixed(1)} MiB in the middle third, ` +
    `${after.toFixed(1)} MiB in the last: ${growth >= 0 ? '+' : ''}${growth.toFixed(1)} MiB.`,
);
console.log(
  flat
    ? `${styleText('green', '✓')} flat: at most ${BOUND_MIB} MiB are allowed`
    : `${styleText('red', '✗')} it grows: at most ${BOUND_MIB} MiB are allowed`,
);
process.exitCode = flat ? 0 : 1;
