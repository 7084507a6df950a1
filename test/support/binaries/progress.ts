const REPEAT_MS = 15_000;

export type Say = (line: string) => void;

export const sayOnStderr: Say = (line) => process.stderr.write(`${line}\n`);

/** Says what is being done, again every 15 seconds with the time so far, and how long it took. */
export async function withProgress<T>(
  say: Say,
  what: string,
  expected: string,
  work: () => Promise<T>,
): Promise<T> {
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 1000);
  say(`${what} (${expected})`);
  const timer = setInterval(() => say(`${what}: ${seconds()} s so far (${expected})`), REPEAT_MS);
  try {
    const result = await work();
    say(`${what}: done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
