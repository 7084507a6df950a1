/** `make demo`: shows on a machine without cluster and without root what follows a primary. `--keep`: stays up. */
import { parseArgs } from 'node:util';
import {
  cutWatches,
  type Followed,
  healWatches,
  movePrimary,
  showState,
  showZone,
  zoneRows,
} from './acts.ts';
import { keepRunning } from './keep.ts';
import { duration, say, styled, table, title } from './screen.ts';
import { setStage } from './stage.ts';

const COLUMN = 10;

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });

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

title('3  The same, while the controller hears nothing');
say('All its watches are dead now, and it cannot know: the connections stay open.');
say('But every 10 seconds it looks for itself. This takes a moment…');
say();
const heal = cutWatches(stage);
const unwatched = await movePrimary(stage);
healWatches(stage, heal);

title('What you saw');
summarize(watched, unwatched);

if (values.keep) await keepRunning(stage);
else say(`Stay and try it yourself: ${styled('bold', 'make demo KEEP=1')}`);

function summarize(first: Followed, second: Followed): void {
  const row = (what: string, { statusMs, serviceMs, dnsMs }: Followed) => [
    what,
    ...[statusMs, serviceMs, dnsMs].map((ms) => duration(ms).padStart(COLUMN)),
  ];
  table([
    ['until these have followed', ...['status', 'Service', 'DNS'].map((who) => who.padStart(COLUMN))],
    row('with watches', first),
    row('without, by looking every 10 s', second),
  ]);
  say();
}
