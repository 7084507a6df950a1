/** What goes on around a controller while it works: everything that could make it keep something for ever. */
import { setTimeout as delay } from 'node:timers/promises';
import { LABELS } from '../../contract/names.ts';
import { NAMESPACES } from '../../kubernetes/resources.ts';
import type { ControlPlaneAccess } from '../../test/support/control-plane-access.ts';
import type { ControllerProcess } from '../../test/support/controller-process.ts';
import type { FaultProxy } from '../../test/support/fault-proxy.ts';
import { createNamespace } from '../../test/support/seed.ts';

export interface LoadTargets {
  readonly plane: ControlPlaneAccess;
  readonly controller: ControllerProcess;
  /** Between the controller and the API server. */
  readonly proxy: FaultProxy;
}

const SCRAPE_MS = 200;
const LISTEN_MS = 1_000;
const COPIES = 20;
const TOGGLE_MS = 500;
/** Rarely enough that the watches count as healthy, and begin again at once. */
const CUT_MS = 30_000;

/** Resolves after `abort` fires; rejects as soon as a part of it fails. */
export async function makeLoad(targets: LoadTargets, abort: AbortSignal): Promise<void> {
  const parts = [scrape, listen, toggleCopies, cutConnections];
  await Promise.all(parts.map((part) => part(targets, abort)));
}

/** Monitoring. */
async function scrape({ controller }: LoadTargets, abort: AbortSignal): Promise<void> {
  while (!abort.aborted) {
    for (const path of ['/metrics', '/api/status', '/healthz', '/readyz']) {
      await (await controller.get(path)).text();
    }
    await pause(SCRAPE_MS, abort);
  }
}

/** People who open the page and close it again. */
async function listen({ controller }: LoadTargets, abort: AbortSignal): Promise<void> {
  while (!abort.aborted) {
    const visit = new AbortController();
    const { body } = await fetch(`${controller.url}/api/events`, { signal: visit.signal });
    const reading = body?.pipeTo(new WritableStream()).catch(() => undefined); // Its end is the abort below.
    await pause(LISTEN_MS, abort);
    visit.abort();
    await reading;
  }
}

/** Namespaces that ask for a copy of the status, and no longer. */
async function toggleCopies({ plane }: LoadTargets, abort: AbortSignal): Promise<void> {
  const names: string[] = [];
  for (let index = 0; index < COPIES; index += 1) names.push(await createNamespace(plane, 'soak'));
  for (let turn = 0; !abort.aborted; turn += 1) {
    const name = names[turn % COPIES] ?? '';
    const asks = Math.floor(turn / COPIES) % 2 === 0;
    const body = { metadata: { labels: { [LABELS.status]: asks ? 'true' : null } } };
    await plane.api.patch(NAMESPACES, { name }, body, { type: 'merge' });
    await pause(TOGGLE_MS, abort);
  }
}

/** A network that breaks every connection now and then. */
async function cutConnections({ proxy }: LoadTargets, abort: AbortSignal): Promise<void> {
  while (!abort.aborted) {
    await pause(CUT_MS, abort);
    proxy.cut();
  }
}

async function pause(ms: number, abort: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: abort }).catch(() => undefined); // Aborted: the loops' conditions see it.
}
