import { NODES } from '../kubernetes/resources.ts';
import { onDifference, reflect, type WatchPorts } from './reflect.ts';
import type { Sites } from './sites.ts';

/** The nodes of each site, as they join and leave. Nodes are watched only where their labels decide. */
export interface SiteNodes {
  /** Undefined while the nodes have not been listed: an unknown node is not a node that left. */
  bySite(): Readonly<Record<string, readonly string[]>> | undefined;
  /** Absent when there is nothing to watch. */
  run?(signal: AbortSignal): Promise<void>;
}

export function siteNodes(ports: WatchPorts, sites: Sites, wake: () => void): SiteNodes {
  if (!sites.needLabels) {
    const configured = sites.resolve([]);
    return { bySite: () => configured };
  }
  let synced = false;
  const nodes = reflect(ports, {
    resource: NODES,
    metadataOnly: true,
    keep: ({ metadata: { name, labels = {} } }) => JSON.stringify({ name, labels }),
    onChange: onDifference(wake),
  });
  void nodes.synced.then(() => {
    synced = true;
    wake();
  });
  const listed = () => [...nodes.list()].map((text) => ({ metadata: JSON.parse(text) as { name: string } }));
  return {
    bySite: () => (synced ? sites.resolve(listed()) : undefined),
    run: (signal) => nodes.run(signal),
  };
}
