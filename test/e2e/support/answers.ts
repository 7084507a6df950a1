/** When the pods of the application knew of a move: by what their sidecars log, and by what they answered when asked. */
import { SIDECAR_CONTAINER } from '../../../contract/sidecar.ts';
import type { Move } from './recorder.ts';
import type { Workload } from './workload.ts';

/** An answer that was new. */
interface Change {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly epoch: number;
}

/** Milliseconds from each move, pod by pod; infinite: never. */
export interface AnswersAfter {
  /** From then on the sidecar answers with the new site whoever asks. */
  readonly sidecars: readonly number[];
  /** The application has asked, and has the answer: two more processes have had their turn. */
  readonly applications: readonly number[];
}

export async function answersAfter(workload: Workload, moves: readonly Move[]): Promise<AnswersAfter> {
  const pods = await workload.pods('web');
  const logs = await Promise.all(pods.map((pod) => workload.log(pod, SIDECAR_CONTAINER)));
  const flips = await Promise.all(pods.map((pod) => workload.ask(pod, '/flips')));
  return {
    sidecars: logs.flatMap((log) => after(moves, changesIn(log))),
    applications: flips.flatMap((text) => after(moves, JSON.parse(text) as readonly Change[])),
  };
}

/** Of a sidecar's log, which is a line of JSON each. */
export function changesIn(log: string): readonly Change[] {
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map(
      (line) => JSON.parse(line) as { readonly msg: string; readonly time: string; readonly epoch: number },
    )
    .filter(({ msg }) => msg === 'answer changed')
    .map(({ time, epoch }) => ({ at: Date.parse(time), epoch }));
}

function after(moves: readonly Move[], changes: readonly Change[]): readonly number[] {
  return moves.map(({ at, epoch }) => {
    const change = changes.find((one) => epoch !== undefined && one.epoch >= epoch);
    return (change?.at ?? Number.POSITIVE_INFINITY) - at;
  });
}
