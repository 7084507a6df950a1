import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applyPatch } from '../../test/support/json-patch.ts';
import { loadInjectorConfig } from '../injector-config.ts';
import type { Workload } from './shape.ts';
import { previewInjection, propagateLabel } from './workload.ts';

const loaded = loadInjectorConfig({});
assert.ok(loaded.ok);
const { value: config } = loaded;

const INJECT = 'site-follower/inject';
const CARRIED = 'site-follower/carried-label';
type Labels = Record<string, string>;

interface Parts {
  readonly labels?: Labels;
  readonly template?: Labels;
  readonly annotations?: Labels;
  readonly spec?: object;
  readonly pod?: object;
}

function workload({ labels, template, annotations, spec, pod }: Parts): Workload {
  return {
    metadata: { name: 'web', ...(labels && { labels }) },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web', ...template }, ...(annotations && { annotations }) },
        spec: { containers: [{ name: 'web' }], ...pod },
      },
      ...spec,
    },
  };
}

/** The template's labels and annotations after the API server has asked us. */
function admitted(before: Workload) {
  const { change, patch, warnings } = propagateLabel(before);
  const after = applyPatch(before, patch);
  assert.deepEqual(propagateLabel(after).patch, [], 'a second pass changes nothing');
  const { labels, annotations } = after.spec.template.metadata ?? {};
  return { after, change, warnings, labels, annotations };
}

describe('the label of a workload', () => {
  for (const value of ['true', 'false']) {
    test(`"${value}" is carried to the template and remembered there`, () => {
      const { change, labels, annotations } = admitted(workload({ labels: { [INJECT]: value } }));
      assert.equal(change, 'carried');
      assert.deepEqual(labels, { app: 'web', [INJECT]: value });
      assert.deepEqual(annotations, { [CARRIED]: value });
    });
  }

  test('is not carried to members of a database, and that is said', () => {
    const template = { application: 'spilo', 'cluster-name': 'acid' };
    for (const value of ['true', 'false']) {
      const before = workload({ labels: { [INJECT]: value }, template });
      const { change, labels, warnings } = admitted(before);
      assert.deepEqual([change, labels], ['none', { app: 'web', ...template }]);
      assert.equal(warnings.length, value === 'true' ? 1 : 0);
      assert.match(
        warnings.join(),
        value === 'true' ? /each of its pods is a member .* Zalando operator/ : /^$/,
      );
    }
  });

  test('is not carried where a database owns the workload, whatever its template says', () => {
    const owner = {
      apiVersion: 'psmdb.percona.com/v1',
      kind: 'PerconaServerMongoDB',
      name: 'shop',
      uid: 'u',
    };
    const before = workload({ labels: { [INJECT]: 'true' } });
    const owned = { ...before, metadata: { ...before.metadata, ownerReferences: [owner] } };
    const { change, labels, warnings } = admitted(owned);
    assert.deepEqual([change, labels], ['none', { app: 'web' }]);
    assert.match(warnings.join(), /each of its pods is a part of what psmdb.percona.com owns/);
    assert.deepEqual(previewInjection('StatefulSet', owned, 'default', config), []);
  });

  test('is taken back when the workload has it no more, and nothing else is', () => {
    const annotations = { other: 'x' };
    const { after } = admitted(workload({ labels: { [INJECT]: 'true' }, annotations }));
    const unlabelled = { ...after, metadata: { name: 'web' } };
    const { change, labels, annotations: left } = admitted(unlabelled);
    assert.equal(change, 'taken-back');
    assert.deepEqual([labels, left], [{ app: 'web' }, { other: 'x' }]);
  });

  test('leaves no empty annotations behind', () => {
    const { after } = admitted(workload({ labels: { [INJECT]: 'true' } }));
    assert.equal(admitted({ ...after, metadata: { name: 'web' } }).annotations, undefined);
  });

  test('follows when it changes', () => {
    const { after } = admitted(workload({ labels: { [INJECT]: 'true' } }));
    const changed = { ...after, metadata: { labels: { [INJECT]: 'false' } } };
    assert.equal(admitted(changed).labels?.[INJECT], 'false');
  });

  test('is carried again after a rollout was undone to a template without it', () => {
    assert.equal(admitted(workload({ labels: { [INJECT]: 'true' } })).labels?.[INJECT], 'true');
  });

  test('goes from a template that an undone rollout brought back', () => {
    const undone = workload({ template: { [INJECT]: 'true' }, annotations: { [CARRIED]: 'true' } });
    assert.deepEqual(admitted(undone).labels, { app: 'web' });
  });

  test('makes metadata for a template that has none', () => {
    const bare = workload({ labels: { [INJECT]: 'true' } });
    const { patch } = propagateLabel({
      ...bare,
      spec: { ...bare.spec, template: { ...bare.spec.template, metadata: null } },
    });
    assert.deepEqual(patch[0], { op: 'add', path: '/spec/template/metadata', value: {} });
  });

  test('is not carried to a template whose selector names it', () => {
    const selected = workload({
      labels: { [INJECT]: 'true' },
      spec: { selector: { matchLabels: { [INJECT]: 'true' } } },
    });
    assert.equal(propagateLabel(selected).change, 'none');
  });

  test('that is neither true nor false does nothing and is told', () => {
    const { change, warnings } = admitted(workload({ labels: { [INJECT]: 'on' } }));
    assert.equal(change, 'none');
    assert.match(warnings.join(), /"on" has no effect, it must be "true" or "false"/);
  });
});

describe('a label that is on the template since the namespace asks', () => {
  const fromNamespace = { template: { [INJECT]: 'true' }, annotations: { [CARRIED]: 'namespace' } };
  for (const labels of [undefined, { [INJECT]: 'true' }]) {
    test(`stays, with ${labels === undefined ? 'none' : 'the same'} on the workload`, () => {
      const { change } = admitted(workload({ ...fromNamespace, ...(labels && { labels }) }));
      assert.equal(change, 'none');
    });
  }

  test('gives way to that of the workload', () => {
    const { labels, annotations } = admitted(workload({ ...fromNamespace, labels: { [INJECT]: 'false' } }));
    assert.deepEqual([labels?.[INJECT], annotations?.[CARRIED]], ['false', 'false']);
  });
});

describe("a label that is the user's own on the template", () => {
  for (const [name, labels] of [
    ['without one on the workload', undefined],
    ['with the same on the workload', { [INJECT]: 'true' }],
  ] as const) {
    test(`stays, ${name}`, () => {
      const { change, warnings } = admitted(
        workload({ ...(labels && { labels }), template: { [INJECT]: 'true' } }),
      );
      assert.deepEqual([change, warnings], ['none', []]);
    });
  }

  test('wins over that of the workload, which is told', () => {
    const { change, labels, warnings } = admitted(
      workload({ labels: { [INJECT]: 'true' }, template: { [INJECT]: 'false' } }),
    );
    assert.deepEqual([change, labels?.[INJECT]], ['none', 'false']);
    assert.match(warnings.join(), /no effect: the pod template says false/);
  });

  test('wins also where another one was carried before', () => {
    const edited = workload({
      labels: { [INJECT]: 'true' },
      template: { [INJECT]: 'false' },
      annotations: { [CARRIED]: 'true' },
    });
    assert.equal(admitted(edited).labels?.[INJECT], 'false');
  });

  test('is not removed with the label of the workload', () => {
    const edited = workload({ template: { [INJECT]: 'false' }, annotations: { [CARRIED]: 'true' } });
    assert.equal(admitted(edited).labels?.[INJECT], 'false');
  });
});

describe('what is foretold', () => {
  const asks = { labels: { [INJECT]: 'true' } };
  const said = (kind: string, parts: Parts) =>
    previewInjection(kind, workload(parts), 'shop', config).map((text) => text.slice(0, 44));
  const refused = 'its pods will be refused: annotation site-fo';
  const none = 'its pods get no sidecar: pods with hostNetwo';
  const stalls = 'on a standby site pods stay unready and the ';
  const cases: [name: string, kind: string, parts: Parts, said: string[]][] = [
    [
      'nothing of a sound Deployment',
      'Deployment',
      { ...asks, spec: { strategy: { type: 'Recreate' } } },
      [],
    ],
    ['nothing where nobody asks', 'Deployment', { pod: { hostNetwork: true } }, []],
    [
      'nothing where the template says no',
      'Deployment',
      { ...asks, template: { [INJECT]: 'false' }, pod: { hostNetwork: true } },
      [],
    ],
    [
      'that pods will be refused',
      'Deployment',
      { ...asks, annotations: { 'site-follower/port': 'x' } },
      [refused],
    ],
    [
      'the same where only the template asks',
      'Deployment',
      { template: { [INJECT]: 'true' }, annotations: { 'site-follower/port': 'x' } },
      [refused],
    ],
    [
      'nothing once the carried label is gone',
      'Deployment',
      { template: { [INJECT]: 'true' }, annotations: { [CARRIED]: 'true', 'site-follower/port': 'x' } },
      [],
    ],
    ['that pods are skipped', 'DaemonSet', { ...asks, pod: { hostNetwork: true } }, [none]],
    ['that pods stall', 'StatefulSet', { ...asks, spec: { replicas: 2 } }, [stalls]],
  ];
  for (const [name, kind, parts, expected] of cases) {
    test(name, () => assert.deepEqual(said(kind, parts), expected));
  }
});
