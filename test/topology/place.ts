/** What one place of a schedule has of its own: namespaces on its control plane, ways to it and to the name server, and its configuration. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPORT_CONFIGMAP, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { clusterOf, type Place, RECORDS, SITES, TTL, ZONE } from '../simulation/topology/setup.ts';
import { ConfigMapHistory } from '../support/config-map-history.ts';
import type { ControlPlaneAccess } from '../support/control-plane-access.ts';
import type { Environment } from '../support/controller-process.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import type { Ends } from '../support/loopback.ts';
import { createNamespace, createNodes } from '../support/seed.ts';
import { nodeNamed } from './cluster-mirror.ts';
import { DnsGate } from './dns-gate.ts';
import type { WatchedZone } from './watched-zone.ts';

/** By which the log of the name server tells them apart. */
const ADDRESSES: Readonly<Record<Place, string>> = { east: '127.0.0.2', west: '127.0.0.3' };

export interface PreparedPlace {
  readonly plane: ControlPlaneAccess;
  /** Of Cluster and pods. */
  readonly namespace: string;
  readonly env: Environment;
  readonly proxy: FaultProxy;
  readonly gate: DnsGate;
  /** What the controller has published and remembered. */
  readonly maps: readonly ConfigMapHistory[];
  /** Gets what passes the gate. */
  readonly listener: GateListener;
}

export interface GateListener {
  onUpdate(from: string): void;
  onAnswer(text: string): void;
}

export interface PlaceOptions {
  readonly place: Place;
  readonly plane: ControlPlaneAccess;
  readonly zone: WatchedZone;
  readonly leaderElection: boolean;
}

export async function preparePlace(ends: Ends, options: PlaceOptions): Promise<PreparedPlace> {
  const { place, plane, zone, leaderElection } = options;
  const nodes = [1, 2].map((number) => ({ name: nodeNamed(`${place}-${number}`) }));
  await createNodes(plane.api, nodes);
  const [namespace, ops] = [
    await createNamespace(plane, place),
    await createNamespace(plane, `${place}-ops`),
  ];
  const listener: GateListener = { onUpdate: () => undefined, onAnswer: () => undefined };
  const gate = await DnsGate.open({
    localAddress: ADDRESSES[place],
    serverPort: zone.server.port,
    onUpdate: (from) => listener.onUpdate(from),
    onAnswer: (text) => listener.onAnswer(text),
  });
  ends.after(() => gate.close());
  const proxy = await startFaultProxy(plane);
  ends.after(() => proxy.stop());
  const maps = await Promise.all(
    [STATUS_CONFIGMAP, REPORT_CONFIGMAP].map((name) =>
      ConfigMapHistory.start(plane.api, { namespace: ops, name }),
    ),
  );
  ends.after(() => {
    for (const history of maps) history.stop();
  });
  const file = join(plane.folder, `${ops}.yaml`);
  const { name: clusterName } = clusterOf(place);
  const trigger = { kind: 'cnpg-topology', namespace, clusterName };
  const rfc2136 = { server: `127.0.0.1:${gate.port}`, ...zone.settings };
  const records = RECORDS.map((name) => `${name}@${ZONE}`);
  const dns = { provider: 'rfc2136', records, ttl: TTL, rfc2136 };
  await writeFile(file, JSON.stringify({ followers: [{ sites: SITES, trigger, dns }] }), { mode: 0o600 });
  const env = {
    KUBECONFIG: await plane.kubeconfigFor('admin', { server: proxy.url }),
    POD_NAMESPACE: ops,
    CONFIG_FILE: file,
    RESYNC_SECONDS: '2',
    LEADER_ELECTION: String(leaderElection),
  };
  return { plane, namespace, env, proxy, gate, maps, listener };
}
