/** What the contract of triggers asks of the service that one of them follows. */
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { HoldReason } from '../../../contract/reasons.ts';
import type { KubeApi } from '../../../kubernetes/api.ts';
import { PODS, type Pod } from '../../../kubernetes/resources.ts';
import type { ControlPlaneAccess } from '../control-plane-access.ts';
import type { Match } from '../proxy/target.ts';
import { createNamespace, createNodes } from '../seed.ts';

export const PLACES = ['east', 'west', 'south'] as const;
export type Place = (typeof PLACES)[number];

/** Where a harness stands: three sites, the last of them by its label, and a pod at each. */
export interface Ground {
  readonly t: TestContext;
  readonly api: KubeApi;
  /** Of the controller. */
  readonly own: string;
  /** Of what is followed. */
  readonly namespace: string;
  readonly nodes: Readonly<Record<Place, string>>;
  readonly sites: readonly object[];
}

export interface TriggerHarness {
  /** Where its sites are no groups of nodes; the ground's else. */
  readonly sites?: readonly object[];
  /** Where the status says that the primary runs; the ground's else. */
  readonly nodes?: Readonly<Record<Place, string>>;
  /** As in the file. */
  readonly settings: object;
  /** Makes this place the active one, whatever was before. */
  lead(place: Place): Promise<unknown>;
  /** Nobody leads any more. */
  vanish(): Promise<unknown>;
  readonly vanished: HoldReason;
  /** What nobody sane would write there. Each of them lasts until the next `lead`. */
  readonly garbage: readonly {
    readonly what: string;
    readonly reason: HoldReason;
    readonly enter: () => Promise<unknown>;
  }[];
  /** Requests for the source; or how it is cut off, and heard of as what. Absent: it is no source of its own. */
  readonly source?: Match | { cut(): () => void; readonly reason: HoldReason };
  /** The hold when its rights are taken away. Default: ApiError. */
  readonly refused?: HoldReason;
}

export type StartTriggerHarness = (ground: Ground) => Promise<TriggerHarness>;

export async function createGround(t: TestContext, plane: ControlPlaneAccess): Promise<Ground> {
  const suffix = randomBytes(3).toString('hex');
  const [east = '', west = '', south = ''] = PLACES.map((place) => `${place}-${suffix}`);
  const nodes = { east, west, south };
  const label = { 'example.com/place': south };
  const { api } = plane;
  const [own, namespace] = await Promise.all([
    createNamespace(plane, 'follower'),
    createNamespace(plane, 'db'),
    createNodes(api, [{ name: east }, { name: west }, { name: south, labels: label }]),
  ]);
  const sites = [
    { name: 'east', nodeName: east },
    { name: 'west', nodeName: west },
    { name: 'south', nodeSelector: `example.com/place=${south}` },
  ];
  return { t, api, own, namespace, nodes, sites };
}

export const podAt = (place: Place) => `db-${place}`;

/** A running pod at each place, as the API server alone makes it. */
export async function createPods({ api, namespace, nodes }: Ground, labels: object = {}): Promise<void> {
  const containers = [{ name: 'db', image: 'example/db:1' }];
  for (const place of PLACES) {
    const spec = { nodeName: nodes[place], terminationGracePeriodSeconds: 0, containers };
    const metadata = { namespace, name: podAt(place), labels: { ...labels } };
    await api.create<Pod>(PODS, { metadata, spec });
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    await api.patch(PODS, metadata, { status }, { type: 'merge', subresource: 'status' });
  }
}
