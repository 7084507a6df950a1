import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProbeManifest } from './manifest.ts';

/**
 * Probes as a kubelet does: at once and then at a fixed pace, each time by a new connection. Gives each verdict that
 * differs from the one before, when as many answers as its threshold says agree. Ends when `abort` fires.
 */
export async function* verdicts(
  probe: ProbeManifest,
  address: string,
  abort: AbortSignal,
): AsyncGenerator<boolean, void> {
  const { initialDelaySeconds = 0, successThreshold, failureThreshold } = probe;
  const periodMs = probe.periodSeconds * 1_000;
  const began = performance.now() + initialDelaySeconds * 1_000;
  let verdict: boolean | undefined;
  let last: boolean | undefined;
  let alike = 0;
  for (let tick = 0; ; tick = Math.max(tick + 1, Math.ceil((performance.now() - began) / periodMs))) {
    const waitMs = Math.max(0, began + tick * periodMs - performance.now());
    await delay(waitMs, undefined, { signal: abort }).catch(() => undefined); // Aborted: it ends just below.
    if (abort.aborted) return;
    const passed = await passes(probe, address);
    alike = passed === last ? alike + 1 : 1;
    last = passed;
    if (passed === verdict || alike < (passed ? successThreshold : failureThreshold)) continue;
    verdict = passed;
    yield passed;
  }
}

const HEADERS = { 'user-agent': 'kube-probe', connection: 'close' };

/** False for any failure, also when nobody listens or no answer comes in time. */
function passes({ httpGet, timeoutSeconds }: ProbeManifest, host: string): Promise<boolean> {
  const { path, port } = httpGet;
  const abort = AbortSignal.timeout(timeoutSeconds * 1_000);
  return new Promise((resolve) => {
    get({ host, port, path, agent: false, headers: HEADERS, signal: abort }, (response) => {
      const { statusCode = 0 } = response;
      response.resume().on('error', () => undefined); // The status is all that counts.
      resolve(statusCode >= 200 && statusCode < 400);
    }).on('error', () => resolve(false));
  });
}
