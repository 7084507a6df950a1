import fc from 'fast-check';
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';

/** Pods as manifests and API servers write them: every field that injection reads is there, absent, null or odd. */

const name = fc.constantFrom('app', 'proxy', 'db', 'site-follower-x', 'a');
const quantity = fc.constantFrom('1', '100m', '64Mi', '1Gi', '0', 1);
const quantities = maybe(
  fc.dictionary(fc.constantFrom('cpu', 'memory'), quantity, { noNullPrototype: true }),
);
const resources = maybe(fc.record({ limits: quantities, requests: quantities }, { requiredKeys: [] }));
const ports = maybe(
  fc.array(
    fc.record(
      { containerPort: fc.constantFrom(80, 8080, 9910, 9001), protocol: fc.constantFrom('TCP', 'UDP') },
      { requiredKeys: ['containerPort'] },
    ),
    { maxLength: 3 },
  ),
);

const container = fc.record(
  { name, image: fc.constant('i'), ports, resources, env: maybe(fc.constant([])), stdin: fc.boolean() },
  { requiredKeys: ['name', 'image'] },
);

const volume = fc.record({ name, emptyDir: fc.constant({}) });

/** Text that JSON Pointers and YAML have to quote. */
const odd = fc.oneof(
  fc.string(),
  fc.constantFrom('a/b~c', '~1', 'yes', 'null', '1', '0x1f', ' x', '#', '- a', 'a: b', '12:30', ''),
);
// No API server takes that name for a label or annotation: it has to begin with a letter or digit.
const key = odd.filter((text) => text !== '__proto__');
const strings = fc.dictionary(key, odd, { maxKeys: 3, noNullPrototype: true });
const asking = (value: string) => strings.map((labels) => ({ ...labels, [LABELS.inject]: value }));

const settings = fc.record(
  {
    [ANNOTATIONS.gate]: fc.constantFrom('readiness', 'none'),
    [ANNOTATIONS.port]: fc.constantFrom('9003', '9004'),
    [ANNOTATIONS.memoryLimit]: fc.constantFrom('64Mi', '1Gi'),
    [ANNOTATIONS.follower]: fc.constantFrom('default', 'orders'),
  },
  { requiredKeys: [], noNullPrototype: true },
);

const spec = fc.record(
  {
    containers: fc.array(container, { minLength: 1, maxLength: 3 }),
    initContainers: list(container),
    volumes: list(volume),
    hostNetwork: fc.constantFrom(false, null),
    nodeSelector: maybe(strings),
    resources: fc.constantFrom(undefined, null),
    restartPolicy: fc.constantFrom('Always', 'Never'),
  },
  { requiredKeys: ['containers'], noNullPrototype: true },
);

const annotations = fc.oneof(
  fc.constantFrom(undefined, null),
  fc.tuple(strings, settings).map(([some, ours]) => ({ ...some, ...ours })),
);

export const podAsking = podWith(asking('true'));
export const podNotAsking = podWith(fc.oneof(fc.constantFrom(undefined, null), strings));
export const podRefusing = podWith(asking('false'));

function podWith(labels: fc.Arbitrary<Record<string, string> | null | undefined>) {
  const metadata = fc.record(
    { name: odd, generateName: odd, labels, annotations },
    { requiredKeys: ['labels'], noNullPrototype: true },
  );
  return fc.record({ metadata, spec }, { noNullPrototype: true }).map(withoutUndefined);
}

function maybe<T>(value: fc.Arbitrary<T>) {
  return fc.oneof(fc.constantFrom(undefined, null), value);
}

function list<T>(item: fc.Arbitrary<T>) {
  return maybe(fc.array(item, { maxLength: 3 }));
}

/** As JSON has it. */
function withoutUndefined<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
