import type { KubeApi } from '../../kubernetes/api.ts';
import { cut } from '../../kubernetes/cut.ts';
import { isForbidden } from '../../kubernetes/errors.ts';
import { listEach } from '../../kubernetes/pages.ts';
import { EVENTS, type KubeEvent } from '../../kubernetes/resources.ts';
import type { Workload } from './workloads.ts';

/** One that came again: told by the older API, by which the controllers of Kubernetes write, or by the newer one. */
interface RepeatedEvent extends KubeEvent {
  readonly deprecatedLastTimestamp?: string;
  readonly series?: { readonly lastObservedTime?: string };
}

const LONGEST_NOTE = 2_048;
/** The controllers try again after a quarter of an hour at the latest, and say so each time. */
const RECENT_MS = 20 * 60_000;

/**
 * Why no pod of these StatefulSets and DaemonSets can be created: only Events tell, where a Deployment has a condition. A user who may
 * not list Events is told nothing.
 */
export async function refusalsByEvents(
  { api, now }: { readonly api: Pick<KubeApi, 'list'>; readonly now: number },
  kind: string,
  workloads: readonly Workload[],
): Promise<ReadonlyMap<Workload, string>> {
  const lacking = new Map(workloads.filter(lacksPods).map((one) => [one.metadata.uid, one]));
  const found = new Map<Workload, string>();
  if (lacking.size === 0) return found;
  try {
    const fieldSelector = `reason=FailedCreate,regarding.kind=${kind}`;
    for await (const event of listEach(api, EVENTS, { fieldSelector })) {
      const { regarding, note, eventTime, deprecatedLastTimestamp, series } = event as RepeatedEvent;
      const workload = lacking.get(regarding.uid);
      const last = Date.parse(series?.lastObservedTime ?? deprecatedLastTimestamp ?? eventTime);
      if (workload !== undefined && now - last < RECENT_MS) found.set(workload, cut(note, LONGEST_NOTE));
    }
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
  return found;
}

function lacksPods({ spec, status }: Workload): boolean {
  const { desiredNumberScheduled: nodes, numberAvailable = 0, replicas = 0 } = status ?? {};
  if (nodes === undefined) return replicas < (spec?.replicas ?? 1);
  // Of a DaemonSet that is new the status is still to be written, while none of its pods can be created.
  return numberAvailable < Math.max(1, nodes);
}
