import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOW, STATUS } from '../testing/scene.ts';
import { print } from '../text/line.ts';
import { activeTwiceIn, renderSides } from './sides.ts';
import type { FollowerView } from './view.ts';

function side(context: string, activeSite: string) {
  const { sites: _, ...status } = STATUS;
  const view: FollowerView = {
    name: 'default',
    namespace: 'ops',
    status: { ...status, activeSite },
    advice: null,
    leader: null,
    sites: ['east', 'west'].map((name) => ({
      name,
      active: name === activeSite,
      nodes: name === context ? [`node-${name}`] : [],
      pods: null,
    })),
    dns: [],
    workloads: [],
    attention: [],
  };
  return { context, error: null, followers: [view] };
}

const text = (...contexts: ReturnType<typeof side>[]) =>
  print(renderSides({ contexts, activeTwice: activeTwiceIn(contexts) }, NOW, 100), false);

test('all sides are in one picture', () => {
  const shown = text(side('east', 'west'), side('west', 'west'));
  assert.match(
    shown,
    /^CONTEXT .*\neast +default +east +standby +west +Settled\nwest +default +west +active +west/,
  );
  assert.doesNotMatch(shown, /at once/);
});

test('two that both consider themselves active are told of', () => {
  assert.match(
    text(side('east', 'east'), side('west', 'west')),
    /✗ Follower default is active on two sides at once/,
  );
});

test('one that gives no answer does not hide the other one', () => {
  const contexts = [{ context: 'east', error: 'no route to host', followers: [] }, side('west', 'west')];
  const shown = print(renderSides({ contexts, activeTwice: [] }, NOW, 100), false);
  assert.match(shown, /east .*no answer.*west .*active.*✗ east: no route to host/s);
});
