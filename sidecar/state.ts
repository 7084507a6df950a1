/** What the sidecar holds to be true, decided from what its sources show. Pure. */
import type { Status } from '../contract/status.ts';

export type Source = 'api' | 'file';

/** What a source shows now. */
export interface Reading {
  readonly source: Source;
  /** `metadata.uid` of the ConfigMap, and a mark for each time that etcd was restored. Empty for a file, which does not tell. */
  readonly uid: string;
  /** Undefined: malformed. */
  readonly status: Status | undefined;
}

export interface SidecarState {
  /** Where `status` is from. */
  readonly source: Source | 'none';
  /** Undefined: nothing was read yet. */
  readonly status: Status | undefined;
  /** Monotonic milliseconds of the last proof that `status` was still so. */
  readonly confirmedAt: number;
  /** The ConfigMap whose epochs we follow, by its uid; empty while only files were read. */
  readonly lineage: string;
  /** A ConfigMap that goes below or against what is held, and since when (monotonic milliseconds). */
  readonly rival: { readonly uid: string; readonly since: number } | undefined;
  /** The mounted copy still shows the epochs of a lineage that has ended. */
  readonly isCopyOld: boolean;
  /** Only the mounted copy has shown that `status.activeSite` is active. Anybody who may write in the namespace can write a copy. */
  readonly isDoubted: boolean;
}

export const INITIAL_STATE: SidecarState = {
  source: 'none',
  status: undefined,
  confirmedAt: Number.NEGATIVE_INFINITY,
  lineage: '',
  rival: undefined,
  isCopyOld: false,
  isDoubted: false,
};

/**
 * taken: it is held now. same: it says what is held. replaced: it is held now although its epoch does not follow,
 * because the ConfigMaps were lost. The others change nothing. older: a lower epoch. conflict: another site in the
 * same epoch. outlived: an epoch of a lineage that has ended. malformed: no status.
 */
export type ReadingOutcome = 'taken' | 'same' | 'replaced' | 'older' | 'conflict' | 'outlived' | 'malformed';

/**
 * How long a new ConfigMap must insist on its lower epoch. When only the status was lost, the controller restores it
 * within a pass, 10 seconds, and goes on above; when the report was lost with it, epochs begin again. So it is when etcd is
 * restored: a controller that has lived through it goes on above, and no other knows our epochs.
 */
export const REPLACE_AFTER_MS = 30_000;

export function applyReading(
  state: SidecarState,
  reading: Reading,
  now: number,
): readonly [SidecarState, ReadingOutcome] {
  const { source, uid, status } = reading;
  if (status === undefined) return [state, 'malformed'];
  return source === 'api' ? nextFromApi(state, uid, status, now) : nextFromFile(state, status, now);
}

function nextFromApi(
  state: SidecarState,
  uid: string,
  status: Status,
  now: number,
): readonly [SidecarState, ReadingOutcome] {
  const taken: SidecarState = {
    ...state,
    source: 'api',
    status,
    confirmedAt: now,
    lineage: uid,
    rival: undefined,
    isDoubted: false,
  };
  const relation = relate(state.status, status);
  if (relation === 'ahead') return [taken, 'taken'];
  if (relation === 'level')
    return [taken, status.lastUpdated === state.status?.lastUpdated ? 'same' : 'taken'];
  const isOther = state.lineage !== '' && state.lineage !== uid;
  // A copy can be ahead of its original for a moment only, and never against it: one that stays so is not a copy of it.
  const mayReplace = isOther || state.source === 'file';
  if (!mayReplace) return [{ ...state, rival: undefined }, relation];
  const since = state.rival?.uid === uid ? state.rival.since : now;
  if (now - since < REPLACE_AFTER_MS) return [{ ...state, rival: { uid, since } }, relation];
  return [{ ...taken, isCopyOld: true }, 'replaced'];
}

/**
 * A file shows what the kubelet last wrote, however long ago. So that it is there proves nothing about now; that it
 * has just changed does.
 */
function nextFromFile(
  state: SidecarState,
  status: Status,
  now: number,
): readonly [SidecarState, ReadingOutcome] {
  const relation = relate(state.status, status);
  if (relation === 'ahead' && state.isCopyOld) return [state, 'outlived'];
  const known = { ...state, isCopyOld: false };
  if (relation === 'older' || relation === 'conflict') return [known, relation];
  // The copy is written after the original: in the same epoch it is newer only while the API does not answer.
  const isNews = relation === 'ahead' || status.lastUpdated > (state.status?.lastUpdated ?? '');
  const isDoubted = state.isDoubted || relation === 'ahead';
  const confirmedAt = state.status === undefined ? state.confirmedAt : now;
  return isNews ? [{ ...known, source: 'file', status, confirmedAt, isDoubted }, 'taken'] : [known, 'same'];
}

/** An epoch belongs to one site for ever. */
function relate(held: Status | undefined, status: Status): 'ahead' | 'level' | 'older' | 'conflict' {
  if (held === undefined || status.epoch > held.epoch) return 'ahead';
  if (status.epoch < held.epoch) return 'older';
  return status.activeSite === held.activeSite ? 'level' : 'conflict';
}
