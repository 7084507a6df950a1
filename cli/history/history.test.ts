import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { published } from '../cluster/followers.ts';
import { assertCaptures } from '../testing/golden.ts';
import { HISTORY, NOW, reportMap, statusMap } from '../testing/scene.ts';
import { print } from '../text/line.ts';
import { renderChart } from './chart.ts';
import { renderHistory } from './render.ts';
import { type HistoryView, historyOf } from './view.ts';

function view(history: unknown): HistoryView {
  const [first] = published([statusMap(), reportMap({ history })]);
  assert.ok(first);
  return historyOf(first, NOW);
}

const at = (seconds: number) => new Date(NOW - seconds * 1_000).toISOString();
const move = (epoch: number, from: string, to: string, seconds: number) => ({
  epoch,
  from,
  to,
  node: 'n',
  primary: 'p',
  movedAt: '',
  writtenAt: at(seconds),
});
const lines = (history: unknown, width: number) =>
  print(renderChart(view(history), NOW, width), false).split('\n');

describe('the history', () => {
  test('of 50 moves between three sites stays readable', () => {
    assert.equal(HISTORY.length, 50);
    assertCaptures('history', (width) => renderHistory(view(HISTORY), width));
    assertCaptures('history-chart', (width) => renderChart(view(HISTORY), NOW, width));
  });

  test('tells how long a site was active, and how fast it was followed', () => {
    const moves = [
      { ...move(1, '', 'a', 100), movedAt: at(500) },
      { ...move(2, 'a', 'b', 40), movedAt: at(40.05) },
    ];
    assert.deepEqual(
      view(moves).transitions.map(({ activeMs, followedMs }) => [activeMs, followedMs]),
      [
        [60_000, null],
        [40_000, 50],
      ],
    );
  });

  test('says so when there is none, and leaves out what is no move', () => {
    assert.match(print(renderHistory(view([]), 80), false), /No site has been active yet/);
    assert.match(print(renderChart(view('x'), NOW, 80), false), /No site has been active yet/);
    assert.equal(
      view([null, { epoch: 'x' }, { ...move(1, '', 'a', 9), writtenAt: 'today' }, move(2, '', 'a', 9)])
        .transitions.length,
      1,
    );
  });
});

describe('the chart', () => {
  test('draws the share of each site in each column', () => {
    // Ten columns of ten seconds: a for 25, b for 50, a for 25.
    const [a, b, moves, axis] = lines(
      [move(1, '', 'a', 100), move(2, 'a', 'b', 75), move(3, 'b', 'a', 25)],
      17,
    );
    assert.equal(a, 'a      ██▄····▄██');
    assert.equal(b, 'b      ··▄████▄··');
    assert.equal(moves, 'moves  1 1    1');
    assert.match(axis ?? '', /^ {7}2026-11-25/);
  });

  test('shows a site even where it was active for a moment only', () => {
    const [, b] = lines(
      [move(1, '', 'a', 10_000), move(2, 'a', 'b', 5_000.001), move(3, 'b', 'a', 5_000)],
      17,
    );
    assert.match(b ?? '', /^b {6}·{4,5}▁·{4,5}$/);
  });

  test('is drawn where nothing says how wide', () => {
    assert.ok(lines([move(1, '', 'a', 10)], Number.POSITIVE_INFINITY)[0]?.endsWith('█'));
  });
});
