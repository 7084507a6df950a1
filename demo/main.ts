/**
 * `make demo`: shows on a machine without cluster and without root what follows a primary.
 * `--keep`: stays up. `--timeline FILE`: draws the first move as an SVG.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { cutWatches, healWatches, movePrimary, showState, showZone, zoneRows } from './acts.ts';
import { keepRunning } from './keep.ts';
import { duration, say, styled, table, title } from './screen.ts';
import { setStage } from './stage.ts';
import { type Timeline, timelineSvg } from './timeline.ts';

const COLUMN = 10;

const { values } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, timeline: { type: 'string' } },
});

await using ends = new AsyncDisposableStack();

title('kube-site-follower: when the primary moves, everything else follows');
say('One Kubernetes cluster over two sites. PostgreSQL runs at both, but only one');
say('of them is the primary. DNS and applications have to point to that site.');
say(`The pods of "web" have nothing but a label: ${styled('bold', 'site-follower/inject=true')}.`);
say();
const stage = await setStage(ends);

title('1  At rest');
await showState(stage);

title('2  The primary moves to the other site');
const before = zoneRows(stage.dns);
const watched = await movePrimary(stage);
say();
say('The provider replaces the whole zone with each write. Afterwards it holds:');
say();
showZone(stage, before);

title('3  The same, with every watch silently dead');
say('All its watches are dead now, and it cannot know: the connections stay open.');
say('But it reconciles every 10 seconds anyway. This takes a moment…');
say();
const heal = cutWatches(stage);
const unwatched = await movePrimary(stage);
healWatches(stage, heal);

title('What you saw');
summarize(watched, unwatched);
if (values.timeline !== undefined) writeFileSync(values.timeline, timelineSvg(watched));

if (values.keep) await keepRunning(stage);
else say(`Stay and try it yourself: ${styled('bold', 'make demo KEEP=1')}`);

function summarize(first: Timeline, second: Timeline): void {
  const row = (what: string, { statusMs, serviceMs, dnsMs }: Timeline) => [
    what,
    ...[statusMs, serviceMs, dnsMs].map((ms) => duration(ms).padStart(COLUMN)),
  ];
  table([
    ['until these have followed', ...['status', 'Service', 'DNS'].map((who) => who.padStart(COLUMN))],
    row('with watches', first),
    row('without, by the resync', second),
  ]);
  say();
}
