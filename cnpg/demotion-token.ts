import { readJson } from '../runtime/json.ts';

/** What the operator says of the last checkpoint of a Cluster that was demoted. */
export interface DemotionToken {
  readonly timeline: number;
  /** Where that checkpoint begins in the WAL. */
  readonly lsn: bigint;
  readonly systemId: string;
}

/**
 * Undefined where it is none. Source: CloudNativePG, PgControldataTokenContent: JSON in base64, whose fields are the texts
 * of pg_controldata.
 */
export function readDemotionToken(text: string): DemotionToken | undefined {
  const content = contentOf(text);
  const { latestCheckpointTimelineID, latestCheckpointREDOLocation, databaseSystemIdentifier } = content;
  const timeline = Number(latestCheckpointTimelineID);
  const lsn = parseLsn(textOf(latestCheckpointREDOLocation));
  if (!Number.isSafeInteger(timeline) || timeline < 1 || lsn === undefined) return undefined;
  return { timeline, lsn, systemId: textOf(databaseSystemIdentifier) };
}

/** As PostgreSQL writes a position in the WAL: two hexadecimal numbers of 32 bits. */
export function parseLsn(text: string): bigint | undefined {
  const [, high, low] = /^([0-9a-f]{1,8})\/([0-9a-f]{1,8})$/i.exec(text) ?? [];
  return high === undefined || low === undefined
    ? undefined
    : BigInt(`0x${high}`) * 2n ** 32n + BigInt(`0x${low}`);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function contentOf(text: string): Readonly<Record<string, unknown>> {
  const value = readJson(Buffer.from(text, 'base64').toString('utf8'));
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
