import type { KubeApi, KubeObject } from '../../kubernetes/api.ts';
import { Reflector, type ReflectorOptions, type ReflectorProblem } from '../../kubernetes/reflector.ts';
import type { Slots } from '../../kubernetes/slots.ts';
import { WorkQueue, type WorkQueueOptions } from '../../kubernetes/work-queue.ts';
import type { Clock, Random } from '../../runtime/clock.ts';

/** What every watch of the controller is made with, and the queues of what it shows. */
export interface WatchPorts {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  /** What all followers write at once; absent: as much as each queue may. */
  readonly writeSlots?: Slots | undefined;
  /** `resource` is the plural, such as `pods`. */
  readonly onWatchProblem: (resource: string, problem: ReflectorProblem, error: unknown) => void;
  /** After each complete list; the watch before it had missed `missed` changes. */
  readonly onWatchList?: (resource: string, missed: number) => void;
}

/** A reflector whose problems are reported with the name of its resource. */
export function reflect<T extends KubeObject, V>(
  { api, clock, random, onWatchProblem, onWatchList }: WatchPorts,
  options: Omit<ReflectorOptions<T, V>, 'api' | 'clock' | 'random' | 'onProblem' | 'onList'>,
): Reflector<T, V> {
  const { plural } = options.resource;
  return new Reflector({
    ...options,
    api,
    clock,
    random,
    onProblem: (problem, error) => onWatchProblem(plural, problem, error),
    onList: ({ missed }) => onWatchList?.(plural, missed),
  });
}

/** A queue of writes, which are no more at once than all followers together may have. */
export function queueOf(
  { clock, random, writeSlots: slots }: WatchPorts,
  options: Omit<WorkQueueOptions, 'clock' | 'random' | 'slots'>,
): WorkQueue {
  return new WorkQueue({ ...options, clock, random, slots });
}

/** For `onChange`: calls `enqueue` only when what is kept differs, not at every new version of the object. */
export function onDifference(enqueue: () => void) {
  return (_key: string, now: string | undefined, before: string | undefined): void => {
    if (now !== before) enqueue();
  };
}
