import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ANNOTATIONS } from '../../contract/names.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { createScene, EAST, WEST } from '../support/scene.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const plane = await sharedControlPlane();

const QUICK = { RESYNC_SECONDS: '1' };

interface Edit {
  readonly what: string;
  /** A merge patch; null removes. */
  readonly patch: object;
  /** The epoch afterwards, with the site that is true. */
  readonly epoch: (before: number) => number;
}

const EDITS: readonly Edit[] = [
  {
    // Whoever read it believes that this epoch means the west, so the truth needs a higher one.
    what: 'another site',
    patch: { data: { 'active-site': WEST } },
    epoch: (before) => before + 1,
  },
  { what: 'another node', patch: { data: { 'active-node': 'nonsense' } }, epoch: (before) => before },
  { what: 'a higher epoch', patch: { data: { epoch: '41' } }, epoch: () => 41 },
  { what: 'a lower epoch', patch: { data: { epoch: '3' } }, epoch: () => 41 },
  {
    what: 'another site in a higher epoch',
    patch: { data: { 'active-site': WEST, epoch: '50' } },
    epoch: () => 51,
  },
  {
    what: 'values that mean nothing',
    patch: { data: { 'active-site': 'x\n', epoch: 'many', sites: '{', phase: '?' } },
    epoch: (before) => before,
  },
  { what: 'no data at all', patch: { data: null }, epoch: (before) => before },
  { what: 'a key less', patch: { data: { epoch: null } }, epoch: (before) => before },
  {
    what: 'the term of a leader who never was',
    patch: { metadata: { annotations: { [ANNOTATIONS.term]: '900' } } },
    epoch: (before) => before,
  },
  {
    what: 'a term that no Lease can have',
    patch: { metadata: { annotations: { [ANNOTATIONS.term]: '2147483647' } } },
    epoch: (before) => before,
  },
  {
    what: 'another site in an epoch with none above it',
    patch: { data: { 'active-site': WEST, epoch: '999999999999' } },
    epoch: (before) => before,
  },
  {
    what: 'a key of ours as binary data',
    patch: { data: { epoch: null }, binaryData: { epoch: 'Nw==' } },
    epoch: (before) => before,
  },
  {
    what: 'no term',
    patch: { metadata: { annotations: { [ANNOTATIONS.term]: null } } },
    epoch: (before) => before,
  },
];

const isNewerThan = (object: ConfigMap) => (version: { readonly object: ConfigMap | undefined }) =>
  Number(version.object?.metadata.resourceVersion) > Number(object.metadata.resourceVersion);

describe('a status that somebody else touches', { concurrency: 3 }, () => {
  test('is put right again after each edit, and the epoch never goes back', async (t) => {
    const scene = await createScene(t, plane);
    await scene.startAndSettle(QUICK);
    let before = 1;
    for (const { what, patch, epoch } of EDITS) {
      await t.test(what, async () => {
        const edited = await scene.status.edit(patch);
        const { status, term } = await scene.status.until('it is written over', isNewerThan(edited));
        assert.deepEqual([status?.activeSite, status?.activeNode], [EAST, scene.nodes.east]);
        assert.equal(status?.epoch, epoch(before));
        assert.ok(term > 0);
        before = epoch(before);
      });
    }
    // Nothing differs, so nothing is written; but the next move has to be.
    await scene.status.edit({ immutable: true });
    await scene.moveTo(WEST);
    await scene.settled(WEST, before + 1);
  });

  test('keeps what others have added to it', async (t) => {
    const scene = await createScene(t, plane);
    await scene.startAndSettle(QUICK);
    const metadata = { labels: { 'example.com/team': 'blue' }, annotations: { 'example.com/note': 'mine' } };
    await scene.status.edit({ metadata, data: { theirs: 'stays' } });
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
    const { data = {}, metadata: found } = await scene.api.get(CONFIG_MAPS, scene.status.key);
    assert.equal(data.theirs, 'stays');
    assert.equal(found.labels?.['example.com/team'], 'blue');
    assert.equal(found.annotations?.['example.com/note'], 'mine');
  });

  test('is restored when it is deleted, in the same epoch', async (t) => {
    const scene = await createScene(t, plane);
    await scene.startAndSettle(QUICK);
    await scene.moveTo(WEST);
    const { since } = await scene.settled(WEST, 2);
    await scene.status.delete();
    const restored = await scene.settled(WEST, 2);
    assert.equal(restored.since, since);
  });

  test('goes on from the history when it was deleted while no controller ran', async (t) => {
    const scene = await createScene(t, plane);
    const first = await scene.startAndSettle(QUICK);
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
    const lastEpoch = ({ data }: { data: Readonly<Record<string, string>> }) =>
      JSON.parse(data.history ?? '[]').at(-1)?.epoch;
    await scene.report.until('the history knows', (version) => lastEpoch(version) === 2);
    await first.child.stop();
    await scene.status.delete();

    const second = await scene.start(QUICK);
    await scene.settled(WEST, 2);
    await second.child.stop();
    await scene.status.delete();
    await scene.moveTo(EAST);
    await scene.start(QUICK);
    await scene.settled(EAST, 3);
  });

  test('is right again when the report is deleted or made into nonsense', async (t) => {
    const scene = await createScene(t, plane);
    await scene.startAndSettle(QUICK);
    await scene.report.until('it is there', ({ object }) => object !== undefined);
    await scene.report.edit({ data: { history: '[{"epoch":"?"},7' } });
    await scene.moveTo(WEST);
    await scene.settled(WEST, 2);
    await scene.report.until('the history is whole again', ({ data }) => entries(data.history) === 2);
    await scene.report.delete();
    await scene.moveTo(EAST);
    await scene.settled(EAST, 3);
    await scene.report.until('the history was kept', ({ data }) => entries(data.history) === 3);
  });
});

function entries(history = ''): number | undefined {
  try {
    return JSON.parse(history).length;
  } catch {
    return undefined; // Not JSON, as it was edited.
  }
}
