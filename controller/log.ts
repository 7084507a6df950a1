import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { explain, KubeError } from '../kubernetes/errors.ts';
import { DnsError } from './dns/provider.ts';

export type { Logger } from 'pino';

/** The second line of defence, behind the Secret type: fields of these names are never printed. */
const REDACTED = ['apiKey', 'ApiKey', 'authorization', 'token', 'password', 'secret'];

export interface LogOptions {
  readonly level: string;
  /** Standard output when absent. */
  readonly destination?: DestinationStream;
}

/**
 * JSON lines: `level` as a word, `time` as RFC 3339, `msg` constant, everything that varies in fields, an error under
 * `err`. Written at once, so that a crash loses nothing.
 */
export function createLog({ level, destination }: LogOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      redact: { paths: REDACTED.flatMap((name) => [name, `*.${name}`]), censor: '***' },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

/** One line for the reader, and the fields that one filters by. A stack only where it says where a defect is. */
function describeError(error: unknown): Readonly<Record<string, unknown>> {
  const message = explain(error);
  if (error instanceof KubeError) return { message, status: error.status, reason: error.reason };
  if (error instanceof DnsError) {
    return { message, kind: error.kind, code: error.code, action: error.action };
  }
  return error instanceof Error ? { message, type: error.name, stack: error.stack } : { message };
}
