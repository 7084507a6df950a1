import { isConflict } from './errors.ts';

/**
 * Does `work`, which reads what is there when it is a retry, until it loses no race. Throws what it throws, after
 * `attempts` a conflict too.
 */
export async function retryOnConflict<T>(
  attempts: number,
  work: (isRetry: boolean) => Promise<T>,
  mayRetry: (error: unknown) => boolean = isConflict,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(attempt > 1);
    } catch (error) {
      if (!mayRetry(error) || attempt >= attempts) throw error;
    }
  }
}
