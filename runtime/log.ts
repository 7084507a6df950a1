import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { explain } from './explain.ts';

export type { Logger } from 'pino';

/** The second line of defence, behind types that hide secrets: fields of these names are never printed. */
const REDACTED = ['apiKey', 'ApiKey', 'authorization', 'token', 'password', 'secret', 'privateKey'];

type Fields = Readonly<Record<string, unknown>>;

export interface LogOptions {
  readonly level: string;
  /** Standard output when absent. */
  readonly destination?: DestinationStream;
  /** The fields to filter an error of the program's own by; undefined for any other. */
  readonly fieldsOf?: (error: unknown) => Fields | undefined;
}

/**
 * JSON lines: `level` as a word, `time` as RFC 3339, `msg` constant, everything that varies in fields, an error under
 * `err`. Written at once, so that a crash loses nothing.
 */
export function createLog({ level, destination, fieldsOf = () => undefined }: LogOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => describeError(error, fieldsOf(error)) },
      redact: { paths: REDACTED.flatMap((name) => [name, `*.${name}`]), censor: '***' },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

/** One line for the reader, and the fields that one filters by. A stack only where it says where a defect is. */
function describeError(error: unknown, fields: Fields | undefined): Fields {
  const message = explain(error);
  if (fields !== undefined) return { message, ...fields };
  return error instanceof Error ? { message, type: error.name, stack: error.stack } : { message };
}
