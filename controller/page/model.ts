import { decodeHistory, type Transition } from '../../contract/history.ts';
import { HOLD_REASONS, holdReason } from '../../contract/reasons.ts';
import type { Status } from '../../contract/status.ts';
import { decodeStatuses } from '../../dns/follower/decode-statuses.ts';
import type { Sighting } from '../../dns/follower/record-status.ts';
import { decodeLedger } from '../../notify/ledger.ts';
import type { ControllerView } from '../controller.ts';
import type { PeerView } from '../peers/side.ts';
import { NO_PODS, type PodCount } from '../watch/pod-counts.ts';
import { type ClusterModel, clustersOf } from './cluster-model.ts';

/** One follower as the page shows it. Whatever can be edited by hand has been checked; what is malformed is left out. */
export interface FollowerModel {
  readonly name: string;
  readonly status: Status | undefined;
  /** Why nothing is published; empty when all is well. */
  readonly problem: string;
  /** While it is held: what that means and what to do. */
  readonly hold: { readonly meaning: string; readonly action: string } | undefined;
  readonly sites: readonly SiteModel[];
  /** All of the topology; none where there are no peers. */
  readonly clusters: readonly ClusterModel[];
  readonly dns: readonly DnsModel[];
  /** Oldest first. */
  readonly moves: readonly MoveModel[];
  readonly targets: readonly TargetModel[];
}

export interface SiteModel {
  readonly name: string;
  readonly isActive: boolean;
  readonly nodes: readonly string[];
  /** Undefined while they are not known. */
  readonly pods: PodCount | undefined;
}

export interface DnsModel {
  /** Empty where all records are at one provider. */
  readonly provider: string;
  readonly name: string;
  readonly type: string;
  readonly wanted: readonly string[];
  readonly accepted: ShownValues;
  readonly seen: ShownValues;
  readonly error: { readonly text: string; readonly action: string; readonly since: string } | undefined;
}

export interface ShownValues {
  readonly values: readonly string[];
  /** Whether they are the wanted ones. */
  readonly agrees: boolean;
  /** Nobody that was asked gave an answer. */
  readonly isSilent: boolean;
  /** RFC 3339; undefined while nothing is known. */
  readonly at: string | undefined;
}

export interface MoveModel extends Transition {
  /** Milliseconds that the site was, or has been, active. */
  readonly lastedMs: number;
  /** From the move itself to the status that published it; undefined where the service does not date its moves. */
  readonly tookMs: number | undefined;
}

export interface TargetModel {
  readonly name: string;
  readonly waiting: number;
  readonly dropped: number;
  readonly problem: string;
  readonly last: { readonly kind: string; readonly outcome: string; readonly at: string } | undefined;
}

/** `now`: milliseconds since 1970. */
export function followerModel(
  { name, status, report, problem, pods }: ControllerView['followers'][number],
  peers: readonly PeerView[],
  now: number,
): FollowerModel {
  const code = status && holdReason(status);
  const names = Object.keys(status?.sites ?? {});
  return {
    name,
    status,
    problem,
    hold: code && HOLD_REASONS[code],
    sites: [
      ...names.map((site) => ({
        name: site,
        isActive: site === status?.activeSite,
        nodes: status?.sites[site] ?? [],
        pods: pods && (pods[site] ?? NO_PODS),
      })),
      ...(pods?.['']?.total ? [{ name: '', isActive: false, nodes: [], pods: pods[''] }] : []),
    ],
    clusters: clustersOf({ name, status, report }, peers),
    dns: dnsModel(report.dns),
    moves: movesOf(decodeHistory(report.history), now),
    targets: targetsOf(report.notify),
  };
}

function movesOf(history: readonly Transition[], now: number): MoveModel[] {
  return history.map((move, index) => {
    const end = history[index + 1]?.writtenAt;
    const began = Date.parse(move.writtenAt);
    const took = began - Date.parse(move.movedAt);
    return {
      ...move,
      lastedMs: Math.max(0, (end === undefined ? now : Date.parse(end)) - began) || 0,
      // Another machine's clock can make it negative: then nothing is known.
      tookMs: move.from !== '' && took >= 0 ? took : undefined,
    };
  });
}

function targetsOf(section: unknown): TargetModel[] {
  return Object.entries(decodeLedger(section).targets).map(([name, { waiting, dropped, last }]) => ({
    name,
    waiting: waiting.length,
    dropped,
    problem: waiting[0]?.problem ?? (last?.outcome === 'given up' ? (last.problem ?? '') : ''),
    last,
  }));
}

function dnsModel(section: unknown): DnsModel[] {
  const records = decodeStatuses(section);
  const isAlone = new Set(records.map(({ provider }) => provider)).size < 2;
  return records.map((data) => {
    const wanted = [...data.wanted].sort().join();
    const show = (found?: Sighting & { readonly servers?: readonly string[] }): ShownValues => ({
      values: found?.values ?? [],
      agrees: found !== undefined && [...found.values].sort().join() === wanted,
      isSilent: found?.servers?.length === 0,
      at: found?.at,
    });
    const provider = isAlone ? '' : (data.provider ?? '');
    return { ...data, provider, accepted: show(data.accepted), seen: show(data.seen), error: data.error };
  });
}
