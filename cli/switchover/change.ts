import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import { withDeadline } from '../../runtime/clock.ts';
import type { Published } from '../cluster/followers.ts';
import type { Terminal } from '../terminal.ts';
import type { Output } from '../text/output.ts';
import { followMove, type Reached } from './follow.ts';
import { Progress } from './progress.ts';
import { servicesToWatch } from './services.ts';

/** Without the watches nobody could see what follows, so nothing is changed. */
const WATCH_START_MS = 15_000;

export interface Move {
  readonly api: KubeApi;
  readonly follower: Published;
  readonly cluster: Required<ObjectKey>;
  /** The instance that becomes the primary, and its site. */
  readonly target: string;
  readonly site: string;
}

export interface Followed {
  /** RFC 3339. */
  readonly patchedAt: string;
  readonly milestones: readonly Reached[];
}

/** Makes a change that moves the primary, and shows what follows. `change` gives the time of its patch. */
export async function changeAndFollow(
  terminal: Terminal,
  output: Output,
  move: Move,
  change: () => Promise<string>,
): Promise<Followed> {
  const { clock, abort } = terminal;
  const services = await servicesToWatch(move.api, move.follower, output);
  const progress = new Progress(terminal, output.isText);
  await using following = followMove({
    ...move,
    clock,
    abort,
    services,
    onProgress: (milestones) => progress.show(milestones),
  });
  await withDeadline(clock, WATCH_START_MS, abort, 'the watch of what follows', () => following.ready);
  const patchedAt = await change();
  progress.begin();
  const milestones = await following.done().finally(() => progress.end());
  return { patchedAt, milestones };
}
