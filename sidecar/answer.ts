/** The answer to the application and the kubelet, from the state. Pure. */
import type { WhenStale } from '../contract/sidecar.ts';
import { type Phase, type Status, siteOfNode } from '../contract/status.ts';
import type { ConnectionState } from './connection-state.ts';
import type { SidecarState, Source } from './state.ts';

/** The body of `/active` and of each event. Public. */
export interface Answer {
  readonly active: boolean;
  /** Of this pod; empty while not known, as are the next ones. */
  readonly site: string;
  readonly activeSite: string;
  readonly activeNode: string;
  readonly phase: Phase | 'Unknown';
  readonly epoch: number;
  /** RFC 3339: when the epoch began. */
  readonly since: string;
  /** No source has confirmed this for too long. */
  readonly stale: boolean;
  readonly source: Source | 'none';
}

export interface View {
  readonly answer: Answer;
  /** One line for the reader: why it is active or standby. */
  readonly why: string;
}

export interface ViewOptions {
  readonly nodeName: string;
  readonly whenStale: WhenStale;
  readonly staleAfterMs: number;
  readonly connection: Pick<ConnectionState, 'isUp' | 'isDown'>;
}

/** `lastSite`: where the node stood before, for a status that has it in no site. It cannot have moved. */
export function viewOf(
  { source, status, confirmedAt, isDoubted }: SidecarState,
  options: ViewOptions,
  now: number,
  lastSite = '',
): View {
  const { activeSite = '', activeNode = '', phase = 'Unknown', epoch = 0, since = '' } = status ?? {};
  const site = status === undefined ? '' : siteOfNode(status.sites, options.nodeName) || lastSite;
  const stale = now - confirmedAt >= options.staleAfterMs;
  const standby = reasonToStandBy(status, site, stale, isDoubted, options);
  const active = standby === undefined;
  const doubt = stale ? ', not confirmed lately' : '';
  return {
    answer: { active, site, activeSite, activeNode, phase, epoch, since, stale, source },
    why: active ? `active: ${activeSite}, epoch ${epoch}${doubt}` : `standby: ${standby}`,
  };
}

/** Undefined: it is active. */
function reasonToStandBy(
  status: Status | undefined,
  site: string,
  stale: boolean,
  isDoubted: boolean,
  { nodeName, whenStale, staleAfterMs, connection }: ViewOptions,
): string | undefined {
  if (status === undefined) return 'no status was read yet';
  const { activeSite, epoch, sites } = status;
  if (activeSite === '') return 'no site is active yet';
  if (site === '') return `node ${nodeName} is in none of the sites ${Object.keys(sites).join(', ')}`;
  const where = `${activeSite} is active, epoch ${epoch}`;
  if (site !== activeSite) return `${where}; this pod is in ${site}`;
  if (isDoubted && !connection.isDown) return `only the mounted copy says that ${where}`;
  if (!stale || whenStale === 'hold') return undefined;
  return `for ${staleAfterMs / 1_000} s nothing has confirmed that ${where}`;
}
