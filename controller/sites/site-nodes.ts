import type { Status } from '../../contract/status.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { NODES } from '../../kubernetes/resources.ts';
import { onDifference, reflect, type WatchPorts } from '../watch/reflect.ts';
import { type NodeFacts, placeNodes } from './kept-nodes.ts';
import type { Sites } from './sites.ts';
import { UnusedNodes } from './unused-nodes.ts';

/** Of the report: the nodes of each site as they were published, for when the status cannot be read any more. */
export const SITES_SECTION = 'sites';

/** The nodes of each site, as they join and leave. Nodes are watched only where their labels decide. */
export interface SiteNodes {
  /** Undefined while the nodes have not been listed: an unknown node is not a node that left. */
  bySite(known: Pick<NodeFacts, 'before' | 'resolved'>): Status['sites'] | undefined;
  run(abort: AbortSignal): Promise<void>;
}

export interface SiteNodesObserver {
  /** The site of a node may be another one. */
  onChange(): void;
  /** Nodes are kept in a site that does not claim them; a sentence about each. Reported once, not at each reconcile. */
  onKept(notes: readonly string[]): void;
  onFailure(error: unknown): void;
}

/** Of nodes in one Event: its note has 1,024 characters at most. */
const MOST_NAMED = 5;

/** For an Event. */
export function keptNote(notes: readonly string[]): string {
  const more = notes.length > MOST_NAMED ? `; ${notes.length - MOST_NAMED} more` : '';
  return `${notes.slice(0, MOST_NAMED).join('; ')}${more}, until one site alone claims it or it is deleted`;
}

export function siteNodes(ports: WatchPorts, sites: Sites, observer: SiteNodesObserver): SiteNodes {
  const { api, clock } = ports;
  const enqueue = () => observer.onChange();
  const onFailure = (error: unknown) => observer.onFailure(error);
  let reported = '';
  const unused = new UnusedNodes({ api, clock, onChange: enqueue, onFailure });
  const place = (known: Pick<NodeFacts, 'before' | 'resolved'>, nodes: ReadonlyMap<string, KubeObject>) => {
    const placed = placeNodes(sites, { ...known, nodes, unused: unused.known });
    unused.ask(placed.doubtful);
    const kept = placed.kept.join();
    if (kept !== reported && kept !== '') observer.onKept(placed.kept);
    reported = kept;
    return placed.sites;
  };
  if (!sites.needLabels) {
    return { bySite: (known) => place(known, new Map()), run: (abort) => unused.run(abort) };
  }
  const nodes = reflect(ports, {
    resource: NODES,
    metadataOnly: true,
    transform: ({ metadata: { name, labels = {} } }) => JSON.stringify({ name, labels }),
    onChange: onDifference(enqueue),
  });
  void nodes.synced.then(enqueue);
  const listed = () =>
    new Map(
      [...nodes.list()].map((text) => {
        const metadata = JSON.parse(text) as { name: string };
        return [metadata.name, { metadata }];
      }),
    );
  return {
    bySite: (known) => (nodes.isSynced ? place(known, listed()) : undefined),
    async run(abort) {
      await Promise.all([nodes.run(abort), unused.run(abort)]);
    },
  };
}
