import type { Logger } from 'pino';
import { DnsError } from '../dns/provider.ts';
import { fieldsOfKubeError } from '../kubernetes/errors.ts';
import { createLog as createPlainLog, type LogOptions } from '../runtime/log.ts';

export type { Logger } from 'pino';

/** A log that knows what to say of a provider's errors. */
export function createLog(options: Pick<LogOptions, 'level' | 'destination'>): Logger {
  return createPlainLog({
    ...options,
    fieldsOf: (error) =>
      error instanceof DnsError
        ? { kind: error.kind, code: error.code, action: error.action }
        : fieldsOfKubeError(error),
  });
}
