/**
 * The status ConfigMap: what the controller says and everybody reads.
 * All values are strings; `active-site` has no newline, so that it can be mounted and compared as it is.
 */

export const PHASES = ['Settled', 'Transitioning', 'Held'] as const;

/**
 * Settled: the primary is where it wants to be. Transitioning: it is about to move; the last site still holds.
 * Held: the trigger gives no answer to act on; the last site holds and `reason` says why.
 */
export type Phase = (typeof PHASES)[number];

export interface Status {
  /** Empty until a primary was found for the first time. */
  readonly activeSite: string;
  readonly activeNode: string;
  readonly primary: string;
  readonly phase: Phase;
  /** Empty when settled, else a reason code, a colon and a sentence. */
  readonly reason: string;
  /** +1 each time the active site changes; never goes back. 0: no site yet. */
  readonly epoch: number;
  /** RFC 3339: when this epoch began. Empty while the epoch is 0. */
  readonly since: string;
  /** RFC 3339: when anything else here last changed. */
  readonly lastUpdated: string;
  /** Site name to the names of its nodes, sorted. */
  readonly sites: Readonly<Record<string, readonly string[]>>;
}

/** The site of each node that is in one. */
export function sitesByNode(sites: Status['sites']): ReadonlyMap<string, string> {
  const entries = Object.entries(sites).flatMap(([site, nodes]) =>
    nodes.map((node) => [node, site] as const),
  );
  return new Map(entries);
}

/** The site of one node; empty where it is in none. */
export function siteOfNode(sites: Status['sites'], node: string): string {
  return Object.keys(sites).find((site) => sites[site]?.includes(node)) ?? '';
}

/** Where each site is a Kubernetes cluster: the one whose nodes are all that there are. Empty while that is not known. */
export function ownSite(sites: Status['sites']): string {
  const own = Object.entries(sites).filter(([, nodes]) => nodes.length > 0);
  return own.length === 1 ? (own[0]?.[0] ?? '') : '';
}

export const STATUS_KEYS = [
  'active-site',
  'active-node',
  'primary',
  'phase',
  'reason',
  'epoch',
  'since',
  'last-updated',
  'sites',
] as const;

type StatusData = Record<(typeof STATUS_KEYS)[number], string>;

export function encodeStatus(status: Status): StatusData {
  return {
    'active-site': status.activeSite,
    'active-node': status.activeNode,
    primary: status.primary,
    phase: status.phase,
    reason: status.reason,
    epoch: String(status.epoch),
    since: status.since,
    'last-updated': status.lastUpdated,
    sites: JSON.stringify(status.sites),
  };
}

/**
 * Reads the data of a status ConfigMap. Undefined when any key is missing or malformed:
 * a half-readable status is no status, and the reader keeps what it had.
 */
export function decodeStatus(data: Readonly<Record<string, string>> | undefined): Status | undefined {
  if (data === undefined || STATUS_KEYS.some((key) => typeof data[key] !== 'string')) return undefined;
  const text = data as StatusData;
  const epoch = decodeEpoch(text.epoch);
  const sites = decodeSites(text.sites);
  const phase = PHASES.find((name) => name === text.phase);
  if (epoch === undefined || sites === undefined || phase === undefined) return undefined;
  return {
    activeSite: text['active-site'],
    activeNode: text['active-node'],
    primary: text.primary,
    phase,
    reason: text.reason,
    epoch,
    since: text.since,
    lastUpdated: text['last-updated'],
    sites,
  };
}

/** A decimal whole number of at most 12 digits, without sign or leading zeros; else undefined. */
export function decodeEpoch(text: string | undefined): number | undefined {
  return text !== undefined && /^(0|[1-9]\d{0,11})$/.test(text) ? Number(text) : undefined;
}

/** Those of 5,000 nodes with names of 60 characters. Anybody who may write a copy could else fill the sidecar's heap with empty lists. */
const LONGEST_SITES = 327_680;

function decodeSites(text: string): Status['sites'] | undefined {
  if (text.length > LONGEST_SITES) return undefined;
  try {
    return asSites(JSON.parse(text));
  } catch {
    return undefined; // Not JSON: malformed like any other wrong value.
  }
}

/** Undefined when it is not the nodes of sites. */
export function asSites(value: unknown): Status['sites'] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const valid = Object.values(value).every(
    (nodes) => Array.isArray(nodes) && nodes.every((node) => typeof node === 'string'),
  );
  return valid ? (value as Status['sites']) : undefined;
}
