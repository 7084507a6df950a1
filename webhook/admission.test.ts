import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { applyPatch } from '../test/support/json-patch.ts';
import { podAsking } from '../test/support/random-pods.ts';
import { type Admission, admit } from './admission.ts';
import type { Operation } from './inject/patch.ts';
import { ASKS, answered, config, DEPLOYMENT, deployment, POD, pod, review } from './testing/reviews.ts';

function patchOf({ answer }: Extract<Admission, { kind: 'answered' }>): Operation[] {
  const { patch, patchType } = answer.response;
  assert.equal(patchType, patch === undefined ? undefined : 'JSONPatch');
  return JSON.parse(Buffer.from(patch ?? 'W10=', 'base64').toString()) as Operation[];
}

test('what a LimitRange would refuse is allowed, and said with the annotation that fits', () => {
  const limits = (namespace: string) =>
    namespace === 'shop' ? [{ type: 'Container', min: { memory: '48Mi' } }] : [];
  const said = (kind: object, object: object, namespace = 'shop') => {
    const admission = admit(review({ kind, object, namespace }), config, undefined, undefined, limits);
    assert.ok(admission.kind === 'answered' && admission.answer.response.allowed);
    const { outcome, answer } = admission;
    return {
      outcome,
      warnings: (answer.response.warnings ?? []).filter((text) => text.includes('LimitRange')),
    };
  };
  const warnings = [
    'kube-site-follower: a LimitRange refuses such a pod: the sidecar requests memory of 32Mi, and the least that a container may is 48Mi. Set the annotation site-follower/memory-request: 48Mi on the pods.',
  ];
  assert.deepEqual(said(POD, pod()), { outcome: { action: 'injected', fits: false }, warnings });
  assert.deepEqual(said(POD, pod(), 'other'), { outcome: { action: 'injected', fits: true }, warnings: [] });
  assert.deepEqual(said(DEPLOYMENT, deployment()).warnings, warnings);
  const fits = { annotations: { 'site-follower/memory-request': '48Mi' } };
  const fitting = said(POD, pod({ metadata: fits }));
  assert.deepEqual(fitting, { outcome: { action: 'injected', fits: true }, warnings: [] });
});

describe('a Service that follows', () => {
  const SERVICE = { group: '', version: 'v1', kind: 'Service' };
  const service = {
    metadata: { name: 'web', labels: { 'site-follower/follow': 'true' } },
    spec: { selector: { app: 'web' } },
  };

  test('gets the active site', () => {
    const active = () => ({ site: 'us', epoch: 7 });
    const admission = admit(review({ kind: SERVICE, object: service, oldObject: null }), config, active);
    assert.equal(admission.kind, 'answered');
    const answer = admission as Extract<Admission, { kind: 'answered' }>;
    assert.deepEqual(answer.outcome, { action: 'routed' });
    assert.equal(answer.subject?.kind, 'Service');
    assert.deepEqual((applyPatch(service, patchOf(answer)) as typeof service).spec.selector, {
      app: 'web',
      'site-follower/site': 'us',
    });
  });

  test('is moved by the controller, though nobody exempts it', () => {
    const at = (epoch: string, site: string) => ({
      metadata: { ...service.metadata, annotations: { 'site-follower/epoch': epoch } },
      spec: { selector: { app: 'web', 'site-follower/site': site } },
    });
    const write = { kind: SERVICE, operation: 'UPDATE', object: at('8', 'eu'), oldObject: at('7', 'us') };
    const by = (fieldManager: string) => answered({ ...write, options: { fieldManager } }).outcome.action;
    assert.deepEqual([by('kube-site-follower'), by('kubectl')], ['none', 'kept']);
  });

  test('is allowed as it is while it is deleted, and when it cannot be read', () => {
    for (const object of [
      { ...service, metadata: { ...service.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
      { metadata: { labels: 7 } },
    ]) {
      const { answer, outcome } = answered({ kind: SERVICE, operation: 'UPDATE', object });
      assert.deepEqual([answer.response.allowed, answer.response.patch], [true, undefined]);
      assert.deepEqual(outcome, { action: 'none' });
    }
  });
});

describe('a pod that asks', () => {
  test('is allowed with a patch, under the uid of the request', () => {
    const { answer, outcome } = answered({ kind: POD, object: pod() });
    const { patch, ...rest } = answer.response;
    assert.ok(patch);
    assert.deepEqual(
      { ...answer, response: rest },
      {
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: { uid: '42', allowed: true, patchType: 'JSONPatch' },
      },
    );
    assert.deepEqual(outcome, { action: 'injected', fits: true });
  });

  test('is told by its controller, as it does not exist yet', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'r-1', controller: true };
    const other = { ...owner, name: 'other', controller: false };
    const { subject, dryRun } = answered({
      kind: POD,
      dryRun: true,
      object: pod({ metadata: { ownerReferences: [other, owner] } }),
    });
    const { controller, ...known } = owner;
    assert.ok(controller);
    assert.deepEqual(subject, { kind: 'Pod', namespace: 'shop', owner: known });
    assert.equal(dryRun, true);
  });

  test('is denied with every reason when it cannot work', () => {
    const annotations = { 'site-follower/port': '1', 'site-follower/gate': 'x' };
    const { answer, outcome } = answered({ kind: POD, object: pod({ metadata: { annotations } }) });
    const { allowed, status, patch } = answer.response;
    assert.deepEqual([allowed, patch, status?.code], [false, undefined, 422]);
    assert.match(status?.message ?? '', /cannot be injected: .*site-follower\/gate.*; .*site-follower\/port/);
    assert.deepEqual(outcome, { action: 'denied', message: status?.message });
  });

  test('is told ten of its problems, and how many there are besides', () => {
    const containers = Array(13).fill({ name: 'site-follower' });
    const { answer } = answered({ kind: POD, object: pod({ spec: { containers } }) });
    const { message } = answer.response.status ?? {};
    assert.equal(message?.match(/a container is named/g)?.length, 10);
    assert.match(message ?? '', /; and 3 more$/);
  });

  test('is warned of ten things, and how many there are besides', () => {
    const annotations = Object.fromEntries(
      Array.from({ length: 12 }, (_, index) => [`site-follower/gate-${index}`, 'x']),
    );
    const { answer } = answered({ kind: POD, object: pod({ metadata: { annotations } }) });
    const said = answer.response.warnings ?? [];
    assert.deepEqual([said.length, said.at(-1)], [11, 'kube-site-follower: and 2 more']);
  });

  test('is denied when it cannot be read, rather than started without the sidecar', () => {
    const { answer } = answered({ kind: POD, object: pod({ spec: { containers: 'none' } }) });
    assert.equal(answer.response.allowed, false);
    assert.match(answer.response.status?.message ?? '', /spec\.containers/);
  });

  test('is skipped with the reason, and told', () => {
    const { answer, outcome } = answered({ kind: POD, object: pod({ spec: { hostNetwork: true } }) });
    assert.equal('reason' in outcome && outcome.reason, 'host-network');
    assert.deepEqual(Object.keys(answer.response), ['uid', 'allowed', 'warnings']);
    assert.match(
      answer.response.warnings?.join() ?? '',
      /^kube-site-follower: no sidecar: pods with hostNetwork/,
    );
  });

  test('is injected without a word when its namespace asks', () => {
    const admission = answered({ kind: POD, object: pod({ metadata: { labels: { app: 'web' } } }) });
    assert.deepEqual(admission.outcome, { action: 'injected', fits: true });
    const after = applyPatch(pod({ metadata: { labels: { app: 'web' } } }), patchOf(admission));
    assert.deepEqual(after.metadata.labels, { app: 'web', ...ASKS });
  });

  test('is left alone without a word when it refuses', () => {
    const labels = { 'site-follower/inject': 'false' };
    const { answer } = answered({ kind: POD, object: pod({ metadata: { labels } }) });
    assert.deepEqual(answer.response, { uid: '42', allowed: true });
  });

  for (const namespace of ['kube-system', config.namespace]) {
    test(`is left alone in ${namespace}`, () => {
      const { outcome } = answered({ kind: POD, object: pod(), namespace });
      assert.equal('reason' in outcome && outcome.reason, 'excluded-namespace');
    });
  }
});

test('a pod of what a follower follows is skipped, as far as its primary is known', () => {
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'main', uid: 'r-1', controller: true };
  const object = pod({ metadata: { name: 'main-1', ownerReferences: [owner] } });
  const followed = (primary: string) => [{ namespace: 'shop', labels: undefined, names: [], primary }];
  const outcome = (primary: string) => {
    const admission = admit(review({ kind: POD, object }), config, undefined, followed(primary));
    return admission.kind === 'answered' ? admission.outcome : undefined;
  };
  assert.deepEqual(outcome('main-0'), {
    action: 'skipped',
    reason: 'database-member',
    message: 'it is a member of what is followed, which could not take over while it stands by',
  });
  assert.deepEqual(outcome('other-0'), { action: 'injected', fits: true });
});

describe('what is not ours is allowed untouched:', () => {
  const cases: [string, object][] = [
    ['a pod that is updated', { kind: POD, operation: 'UPDATE', object: pod() }],
    ['a pod that is deleted', { kind: POD, operation: 'DELETE', object: null, oldObject: pod() }],
    ['a pod that is connected to', { kind: POD, operation: 'CONNECT', subResource: 'exec', object: {} }],
    ['a subresource of a pod', { kind: POD, subResource: 'ephemeralcontainers', object: pod() }],
    ['the scale of a workload', { kind: DEPLOYMENT, operation: 'UPDATE', subResource: 'scale', object: {} }],
    ['a workload that is deleted', { kind: DEPLOYMENT, operation: 'DELETE', object: null }],
    ['another version', { kind: { ...POD, version: 'v2' }, object: pod() }],
    ['another group', { kind: { ...POD, group: 'x.io' }, object: pod() }],
    ['another kind', { kind: { ...DEPLOYMENT, kind: 'ReplicaSet' }, object: deployment() }],
  ];
  for (const [name, request] of cases) {
    test(name, () => {
      const { answer, outcome } = answered(request);
      assert.deepEqual([answer.response, outcome], [{ uid: '42', allowed: true }, { action: 'none' }]);
    });
  }
});

describe('a workload', () => {
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet']) {
    for (const operation of ['CREATE', 'UPDATE']) {
      test(`has its label carried at ${operation} of a ${kind}`, () => {
        const admission = answered({ kind: { ...DEPLOYMENT, kind }, operation, object: deployment() });
        assert.deepEqual(admission.outcome, { action: 'carried' });
        const { metadata } = applyPatch(deployment(), patchOf(admission)).spec.template;
        assert.deepEqual(metadata.labels, ASKS);
        assert.deepEqual(admission.subject, { kind, namespace: 'shop', owner: undefined });
      });
    }
  }

  test('is left alone while it is being deleted', () => {
    const object = deployment({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    const { answer } = answered({ kind: DEPLOYMENT, operation: 'UPDATE', object });
    assert.deepEqual(answer.response, { uid: '42', allowed: true });
  });

  test('is never denied, but told what its pods will meet', () => {
    const template = pod({ metadata: { labels: {}, annotations: { 'site-follower/port': '1' } } });
    const { answer } = answered({ kind: DEPLOYMENT, object: deployment({ template }) });
    assert.equal(answer.response.allowed, true);
    assert.match(answer.response.warnings?.join() ?? '', /its pods will be refused: .*site-follower\/port/);
  });

  test('that cannot be read is allowed, and told', () => {
    const { answer } = answered({ kind: DEPLOYMENT, object: { spec: {} } });
    assert.equal(answer.response.allowed, true);
    assert.match(answer.response.warnings?.join() ?? '', /spec\.template/);
  });
});

describe('what is no review that can be answered', () => {
  const whole = review({ kind: POD, object: pod() });
  const cases: [string, unknown, RegExp][] = [
    ['nothing', undefined, /expected AdmissionReview of admission.k8s.io\/v1, got something else/],
    ['null', null, /got something else/],
    ['a list', [], /got something else/],
    [
      'an old version',
      { ...whole, apiVersion: 'admission.k8s.io/v1beta1' },
      /got AdmissionReview of .*v1beta1/,
    ],
    ['another kind', { ...whole, kind: 'Status' }, /got Status/],
    ['no request', { ...whole, request: undefined }, /^request/],
    ['no uid', { ...whole, request: { ...whole.request, uid: '' } }, /^request\.uid/],
    ['no kind', review({ object: pod() }), /^request\.kind/],
  ];
  for (const [name, value, problem] of cases) {
    test(`is said to be: ${name}`, () => {
      const admission = admit(value, config);
      assert.equal(admission.kind, 'malformed');
      assert.match(admission.kind === 'malformed' ? admission.problem : '', problem);
    });
  }
});

describe('whatever comes', () => {
  const kinds = [POD, DEPLOYMENT, { ...DEPLOYMENT, kind: 'StatefulSet' }];
  const operation = fc.constantFrom('CREATE', 'UPDATE', 'DELETE', 'PATCH');

  test('there is an answer, and a denial has a message', () => {
    const object = fc.oneof(
      fc.jsonValue(),
      broken(podAsking),
      broken(podAsking.map((template) => ({ spec: { template } }))),
    );
    fc.assert(
      fc.property(fc.constantFrom(...kinds), operation, object, (kind, verb, value) => {
        const { answer, outcome } = answered({ kind, operation: verb, object: value });
        assert.equal(answer.response.allowed, outcome.action !== 'denied');
        assert.equal(answer.response.status === undefined, answer.response.allowed);
        for (const warning of answer.response.warnings ?? []) assert.ok(warning.length <= 256, warning);
      }),
      { numRuns: 1000 },
    );
  });

  test('no review makes it throw', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void admit(value, config)));
    fc.assert(
      fc.property(
        broken(fc.constant(review({ kind: POD, object: pod() }))),
        (value) => void admit(value, config),
      ),
    );
  });

  test('the patch of a workload applies, and leaves its selector alone', () => {
    fc.assert(
      fc.property(podAsking, fc.constantFrom('true', 'false', undefined), (template, value) => {
        const object = {
          metadata: { labels: value === undefined ? {} : { 'site-follower/inject': value } },
          spec: { selector: { matchLabels: { app: 'web' } }, template },
        };
        const after = applyPatch(object, patchOf(answered({ kind: DEPLOYMENT, object })));
        assert.deepEqual(after.spec.selector, object.spec.selector);
        assert.deepEqual(after.spec.template.spec, object.spec.template.spec);
        assert.deepEqual(after.spec.template.metadata.labels, object.spec.template.metadata.labels);
      }),
    );
  });
});

/** The value with something else at one place in it. */
function broken<T>(value: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc
    .tuple(value, fc.array(fc.nat(5), { maxLength: 5 }), fc.jsonValue())
    .map(([whole, path, other]) => {
      const copy = { root: structuredClone(whole) as unknown };
      let at: Record<string, unknown> = copy;
      let key = 'root';
      for (const step of path) {
        const next = at[key];
        if (typeof next !== 'object' || next === null) break;
        const keys = Object.keys(next);
        if (keys.length === 0) break;
        at = next as Record<string, unknown>;
        key = keys[step % keys.length] ?? '';
      }
      at[key] = other;
      return copy.root;
    });
}
