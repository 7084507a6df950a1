import type { SeededRandom } from '../random.ts';
import { labels, podSpec } from './objects.ts';
import { Again, MERGE, Named, type Tree, type TreeMap } from './tree.ts';

/** Pods of which one says by anchors what others say by aliases, or merge into what they have. */
export function sharing(random: SeededRandom): TreeMap {
  const name = (of: string) => `${of}-${random.integer(1, 9999)}`;
  const noList = new Named(name('list'), []);
  const noMap = new Named(name('map'), {});
  const volumes = random.pick<Tree>([noList, noList, [{ name: 'tmp', emptyDir: {} }], null]);
  const { initContainers, volumes: _, ...rest } = podSpec(random);
  const before = random.chance(0.3) ? new Again(noList) : initContainers;
  const spec = new Named(name('spec'), {
    ...(volumes !== noList && { tolerations: noList }),
    ...rest,
    nodeSelector: noMap,
    volumes,
    ...(before !== undefined && { initContainers: before }),
  });
  const asks = random.chance(0.7);
  const own = new Named(name('labels'), labels(random, asks));
  const first = pod('first', { labels: own }, spec);
  const others = Array.from({ length: random.integer(1, 3) }, (_, index) =>
    pod(
      `other-${index}`,
      {
        labels: random.pick<Tree>([
          new Again(own),
          labels(random, true),
          labels(random, false),
          { [MERGE]: new Again(own), more: 'x' },
        ]),
        ...(random.chance(0.5) && { annotations: new Again(noMap) }),
      },
      random.pick<Tree>([
        new Again(spec),
        new Again(spec),
        { [MERGE]: new Again(spec), hostname: 'x' },
        { hostname: 'x', [MERGE]: [new Again(spec)] },
        { [MERGE]: new Again(spec), volumes: new Again(noList) },
        { ...podSpec(random), volumes: new Again(noList), tolerations: new Again(noList) },
      ]),
    ),
  );
  return { apiVersion: 'v1', kind: 'List', items: [first, ...others] };
}

function pod(name: string, metadata: TreeMap, spec: Tree): TreeMap {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec };
}
