import { type Clock, timestamp } from '../runtime/clock.ts';

/** A constant message, and fields for what varies. */
export type Log = (level: 'info' | 'warn', msg: string, fields?: Readonly<Record<string, unknown>>) => void;

/** JSON lines like those of the other programs. */
export function createLog(clock: Clock, write: (line: string) => void): Log {
  return (level, msg, fields) =>
    write(`${JSON.stringify({ level, time: timestamp(clock), ...fields, msg })}\n`);
}
