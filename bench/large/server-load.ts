/** What the API server says of its own load, and what its processes use. */
import { ClusterApi } from '../../test/e2e/support/api.ts';
import type { ControlPlane } from '../../test/support/control-plane.ts';
import { cpuSeconds } from '../memory.ts';

export interface ServerLoad {
  /** By the priority level that served them: those that were executed, and the seconds that they waited in its queues. */
  readonly levels: Readonly<Record<string, { readonly requests: number; readonly waitedSeconds: number }>>;
  /** Refused by priority and fairness, at any level. */
  readonly rejected: number;
  /** Of API server and etcd, so far. */
  readonly cpuSeconds: number;
}

const WAIT = 'apiserver_flowcontrol_request_wait_duration_seconds';
const REJECTED = 'apiserver_flowcontrol_rejected_requests_total';

export async function loadOf(plane: ControlPlane): Promise<ServerLoad> {
  const api = new ClusterApi(plane.kubeconfig);
  try {
    const [text, ...used] = await Promise.all([
      api.read('/metrics', '*/*'),
      ...Object.values(plane.pids).map(cpuSeconds),
    ]);
    const seconds = used.reduce((sum, one) => sum + one, 0);
    return { ...levelsAndRejected(text), cpuSeconds: seconds };
  } finally {
    await api.close();
  }
}

/** `text`: in the form of Prometheus. */
export function levelsAndRejected(text: string): Omit<ServerLoad, 'cpuSeconds'> {
  const levels: Record<string, { requests: number; waitedSeconds: number }> = {};
  let rejected = 0;
  for (const line of text.split('\n')) {
    const value = Number(line.slice(line.lastIndexOf(' ')));
    if (line.startsWith(`${REJECTED}{`)) rejected += value;
    if (!line.startsWith(`${WAIT}_`) || !line.includes('execute="true"')) continue;
    const name = /priority_level="([^"]*)"/.exec(line)?.[1] ?? '';
    levels[name] ??= { requests: 0, waitedSeconds: 0 };
    if (line.startsWith(`${WAIT}_count{`)) levels[name].requests += value;
    if (line.startsWith(`${WAIT}_sum{`)) levels[name].waitedSeconds += value;
  }
  return { levels, rejected };
}

/** What has been added since `before`. */
export function since(before: ServerLoad, now: ServerLoad): ServerLoad {
  const levels = Object.entries(now.levels).map(([name, { requests, waitedSeconds }]) => {
    const earlier = before.levels[name] ?? { requests: 0, waitedSeconds: 0 };
    const added = {
      requests: requests - earlier.requests,
      waitedSeconds: waitedSeconds - earlier.waitedSeconds,
    };
    return [name, added] as const;
  });
  return {
    levels: Object.fromEntries(levels.filter(([, { requests }]) => requests > 0)),
    rejected: now.rejected - before.rejected,
    cpuSeconds: now.cpuSeconds - before.cpuSeconds,
  };
}
