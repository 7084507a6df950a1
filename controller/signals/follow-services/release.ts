import { PROGRAM } from '../../../contract/names.ts';
import type { ObjectKey } from '../../../kubernetes/api.ts';
import { isConflict, isNotFound } from '../../../kubernetes/errors.ts';
import { type ObjectIndex, parseKey } from '../../../kubernetes/object-index.ts';
import { keyOf } from '../../../kubernetes/reflector.ts';
import { SERVICES, type Service } from '../../../kubernetes/resources.ts';
import { sleep } from '../../../runtime/clock.ts';
import { queueOf, type WatchPorts } from '../../watch/reflect.ts';
import { releasedOwnership } from './ownership.ts';
import type { FollowedService } from './service.ts';

export interface OwnedServices {
  readonly services: ObjectIndex<FollowedService>;
  readonly isLeading: () => boolean;
  readonly find: (key: Required<ObjectKey>) => Promise<Service | undefined>;
  readonly onWritten: (service: Service) => void;
  readonly onFailure: (service: string, error: unknown) => void;
}

const RELEASE_MS = 5_000;
/** Few, as the next move may come meanwhile. */
const PARALLEL = 4;

/**
 * Some time after a move, as nothing hangs on it but the next one who applies a Service without force. Namespaces have
 * their turns, so that one with thousands of Services keeps nobody else's from it.
 */
export async function releaseOwnership(
  ports: WatchPorts,
  { services, isLeading, find, onWritten, onFailure }: OwnedServices,
  { abort, maxKeys }: { readonly abort: AbortSignal; readonly maxKeys: number },
): Promise<void> {
  const release = async (name: string) => {
    if (!isLeading()) return;
    const key = parseKey(name);
    const found = await find(key);
    const managedFields = releasedOwnership(found?.metadata.managedFields ?? []);
    if (found === undefined || managedFields === undefined) return;
    const body = { metadata: { resourceVersion: found.metadata.resourceVersion, managedFields } };
    onWritten(await ports.api.patch(SERVICES, key, body, { type: 'merge', fieldManager: PROGRAM, abort }));
  };
  const queue = queueOf(ports, {
    concurrency: PARALLEL,
    maxKeys,
    work: (name) =>
      release(name).catch((error: unknown) => {
        // The version that is meant now comes by the watch.
        if (!isConflict(error) && !isNotFound(error)) throw error;
      }),
    onFailure,
  });
  const running = queue.run(abort);
  /** In the version that is known: what fails has a retry of its own. */
  const queued = new WeakSet<FollowedService>();
  while (!abort.aborted) {
    await sleep(ports.clock, RELEASE_MS, abort);
    if (!isLeading()) continue;
    for (const service of services.all()) {
      if (!service.mayReleaseOwnership || queued.has(service)) continue;
      if (queue.add(keyOf(service.key))) queued.add(service);
    }
  }
  await running;
}
