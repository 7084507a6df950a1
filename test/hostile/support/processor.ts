import { readFileSync } from 'node:fs';

const NS_PER_MS = 1e6;

/**
 * Milliseconds for which the main threads of these processes were ready to run and waited for a processor, since they
 * began. Source: the second figure of /proc/PID/schedstat, https://docs.kernel.org/scheduler/sched-stats.html
 */
export function waitedForProcessor(pids: readonly number[]): number {
  return pids.map((pid) => waitOf(pid)).reduce((sum, ms) => sum + ms, 0);
}

/** The same of the thread that asks, which may be a worker. */
export function threadWaited(): number {
  return waitOf('thread-self');
}

function waitOf(pid: number | 'thread-self'): number {
  const [, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
  return Number(waitedNs) / NS_PER_MS;
}
