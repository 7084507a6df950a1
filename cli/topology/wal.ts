import type { Cluster } from '../../cnpg/cluster.ts';
import { parseLsn } from '../../cnpg/demotion-token.ts';
import type { KubeApi, KubeObject } from '../../kubernetes/api.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { namespaced } from '../../kubernetes/resources.ts';

/**
 * The status of an instance, read through the API server as `kubectl cnpg status` does. Source: CloudNativePG,
 * PostgresqlStatus.
 */
interface InstanceStatus extends KubeObject {
  readonly currentLsn?: string;
  readonly receivedLsn?: string;
  readonly replayLsn?: string;
  readonly isWalReceiverActive?: boolean;
}

const INSTANCE_STATUS = namespaced<InstanceStatus>('v1', 'pods', 'Pod');
/** Source: CloudNativePG, pkg/management/url: StatusPort, PathPgStatus. */
const PORT = 8000;
const SUBRESOURCE = 'proxy/pg/status';

export interface Wal {
  /** Positions as PostgreSQL writes them; empty where it has none. */
  readonly current: string;
  readonly received: string;
  readonly replayed: string;
  readonly isReceiving: boolean;
}

export interface Lag {
  readonly bytes: bigint;
  readonly isReceiving: boolean;
}

/** The WAL of the primary of this Cluster; undefined where it gives no answer, or the user may not ask it. */
export async function askWal(api: KubeApi, cluster: Cluster): Promise<Wal | undefined> {
  const { namespace = '' } = cluster.metadata;
  const { currentPrimary = '' } = cluster.status ?? {};
  if (currentPrimary === '') return undefined;
  // Older versions serve it without TLS.
  for (const scheme of ['https', 'http']) {
    const name = `${scheme}:${currentPrimary}:${PORT}`;
    try {
      const found = await api.get(
        INSTANCE_STATUS,
        { namespace, name },
        { subresource: SUBRESOURCE, maxBytes: 1_000_000 },
      );
      const { currentLsn = '', receivedLsn = '', replayLsn = '', isWalReceiverActive = false } = found;
      return {
        current: currentLsn,
        received: receivedLsn,
        replayed: replayLsn,
        isReceiving: isWalReceiverActive,
      };
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
    }
  }
  return undefined;
}

export function lagBetween(primary: Wal | undefined, replica: Wal | undefined): Lag | undefined {
  const [written, replayed] = [parseLsn(primary?.current ?? ''), parseLsn(replica?.replayed ?? '')];
  if (written === undefined || replayed === undefined || replica === undefined) return undefined;
  return { bytes: written > replayed ? written - replayed : 0n, isReceiving: replica.isReceiving };
}

export function describeLag(lag: Lag | undefined): string {
  if (lag === undefined) return 'how far it is behind is not known';
  const mebibytes = Number(lag.bytes / 1024n) / 1024;
  const receiver = lag.isReceiving ? '' : ', and it does not stream';
  return `it is ${mebibytes.toFixed(1)} MiB behind${receiver}`;
}
