import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { applyPatch } from '../../test/support/json-patch.ts';
import { podAsking, podNotAsking, podRefusing } from '../../test/support/random-pods.ts';
import { loadInjectorConfig } from '../injector-config.ts';
import { STATUS_VOLUME, TOKEN_VOLUME } from './container.ts';
import { injectPod } from './inject.ts';
import { patchText } from './patch.ts';
import { readPod } from './shape.ts';
import { uninjectPod } from './uninject.ts';

const loaded = loadInjectorConfig({});
assert.ok(loaded.ok);
const { value: config } = loaded;

type Json = { metadata: Record<string, unknown>; spec: Record<string, unknown> };

const anyPod = fc.oneof(podAsking, podNotAsking);

function read(pod: unknown) {
  const result = readPod(pod);
  assert.ok(result.ok, result.ok ? '' : result.problem);
  return result.value;
}

function inject(pod: unknown, namespaceAsks = true) {
  return injectPod(read(pod), { namespace: 'shop', namespaceAsks }, config);
}

function injected(pod: Json): Json {
  const injection = inject(pod);
  assert.equal(injection.kind, 'injected', JSON.stringify(injection));
  return injection.kind === 'injected' ? applyPatch(pod, injection.patch) : pod;
}

describe('any pod that is asked for', () => {
  test('has a patch whose text is that of the patch, though parts of it were printed for other pods', () => {
    fc.assert(
      fc.property(anyPod, (pod) => {
        const injection = inject(pod);
        assert.equal(injection.kind, 'injected');
        const patch = injection.kind === 'injected' ? injection.patch : [];
        assert.equal(patchText(patch), JSON.stringify(patch));
      }),
    );
  });

  test('gets the sidecar first, and keeps all that it had in its order', () => {
    fc.assert(
      fc.property(anyPod, (pod) => {
        const after = injected(pod as Json);
        const [first, ...inits] = after.spec.initContainers as { name: string }[];
        assert.equal(first?.name, SIDECAR_CONTAINER);
        assert.deepEqual(inits, pod.spec.initContainers ?? []);
        const volumes = after.spec.volumes as { name: string }[];
        assert.deepEqual(volumes.slice(0, -2), pod.spec.volumes ?? []);
        assert.deepEqual(
          volumes.slice(-2).map(({ name }) => name),
          [TOKEN_VOLUME, STATUS_VOLUME],
        );
        assert.deepEqual(rest(after), rest(pod as Json));
      }),
    );
  });

  test('has the label and the marker afterwards, and every other one as before', () => {
    fc.assert(
      fc.property(anyPod, (pod) => {
        const { metadata } = injected(pod as Json);
        const before = pod.metadata.labels?.[LABELS.inject];
        assert.deepEqual(metadata.labels, { ...pod.metadata.labels, [LABELS.inject]: 'true' });
        assert.deepEqual(metadata.annotations, {
          ...pod.metadata.annotations,
          [ANNOTATIONS.status]: 'injected',
          ...(before === undefined && { [ANNOTATIONS.carriedLabel]: 'namespace' }),
        });
      }),
    );
  });

  test('is left alone when it comes again', () => {
    fc.assert(
      fc.property(anyPod, (pod) => {
        const again = inject(injected(pod as Json));
        assert.deepEqual([again.kind, 'reason' in again && again.reason], ['skipped', 'already-injected']);
      }),
    );
  });

  test('is what it was when the sidecar is taken out', () => {
    fc.assert(
      fc.property(anyPod, (pod) => {
        const after = injected(pod as Json);
        assert.deepEqual(
          withoutEmpty(applyPatch(after, uninjectPod(read(after)))),
          withoutEmpty(pod as Json),
        );
      }),
    );
  });
});

describe('any pod', () => {
  test('that refuses is left alone', () => {
    fc.assert(fc.property(podRefusing, (pod) => assert.equal(inject(pod).kind, 'skipped')));
  });

  test('that nobody asks for is left alone', () => {
    fc.assert(fc.property(podNotAsking, (pod) => assert.equal(inject(pod, false).kind, 'skipped')));
  });

  test('without the sidecar has nothing to take out', () => {
    fc.assert(fc.property(anyPod, (pod) => assert.deepEqual(uninjectPod(read(pod)), [])));
  });
});

/** All that injection has no business with. */
function rest({ metadata, spec }: Json): unknown {
  const { labels: _labels, annotations: _annotations, ...otherMetadata } = metadata;
  const { initContainers: _initContainers, volumes: _volumes, ...otherSpec } = spec;
  return { otherMetadata, otherSpec };
}

/** Lists and maps without anything in them say nothing, and do not come back. */
function withoutEmpty({ metadata, spec }: Json): unknown {
  const isFull = ([, value]: [string, unknown]) =>
    typeof value === 'object' ? Object.keys(value ?? {}).length > 0 : true;
  return [metadata, spec].map((part) => Object.fromEntries(Object.entries(part ?? {}).filter(isFull)));
}
