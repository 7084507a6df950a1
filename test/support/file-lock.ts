import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 250;
const SQLITE_BUSY = 5;

/**
 * Runs `task` while no other process (and nobody else in this one) runs one under the same `file`.
 * SQLite takes the lock because Node has no flock of its own: the kernel drops it when the holder dies,
 * so there is no stale lock to clean up. `onWait` is called once if somebody else holds it.
 */
export async function exclusively<T>(
  file: string,
  task: () => Promise<T>,
  onWait: () => void,
  abort: AbortSignal,
): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    for (let attempt = 0; !tryLock(database); attempt++) {
      if (attempt === 0) onWait();
      await delay(POLL_MS, undefined, { signal: abort });
    }
    return await task();
  } finally {
    database.close();
  }
}

function tryLock(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return false;
    throw error;
  }
}
