import { PROGRAM } from '../../../contract/names.ts';
import type { ObjectKey } from '../../../kubernetes/api.ts';
import { isConflict, isNotFound } from '../../../kubernetes/errors.ts';
import type { ObjectIndex } from '../../../kubernetes/object-index.ts';
import { keyOf } from '../../../kubernetes/reflector.ts';
import { SERVICES, type Service } from '../../../kubernetes/resources.ts';
import { sleep } from '../../../runtime/clock.ts';
import type { WatchPorts } from '../../reflect.ts';
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

/** Some time after a move, as nothing hangs on it but the next one who applies a Service without force. */
export async function releaseOwnership(
  { api, clock }: WatchPorts,
  { services, isLeading, find, onWritten, onFailure }: OwnedServices,
  abort: AbortSignal,
): Promise<void> {
  while (!abort.aborted) {
    await sleep(clock, RELEASE_MS, abort);
    const owned = [...services.all()].filter(({ mayReleaseOwnership }) => mayReleaseOwnership);
    for (const { key } of owned) {
      if (!isLeading()) break;
      try {
        const found = await find(key);
        const managedFields = releasedOwnership(found?.metadata.managedFields ?? []);
        if (found === undefined || managedFields === undefined) continue;
        const body = { metadata: { resourceVersion: found.metadata.resourceVersion, managedFields } };
        onWritten(await api.patch(SERVICES, key, body, { type: 'merge', fieldManager: PROGRAM, abort }));
      } catch (error) {
        if (!abort.aborted && !isConflict(error) && !isNotFound(error)) onFailure(keyOf(key), error);
      }
    }
  }
}
