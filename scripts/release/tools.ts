import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const LIMIT_MS = 600_000;
const OUTPUT_MAX = 16_000_000;

/** Runs a program to its end and gives what it says; rejects with that where it fails. */
export async function runTool(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, [...args], {
      env: { ...process.env, ...env },
      timeout: LIMIT_MS,
      maxBuffer: OUTPUT_MAX,
    });
    return stdout.trim();
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim();
    const isMissing = (error as { code?: unknown }).code === 'ENOENT';
    const why = isMissing
      ? `${program} is needed for a release and not on the PATH`
      : `${program} ${args[0]} failed`;
    throw new Error(said === undefined || said === '' ? why : `${why}: ${said}`, { cause: error });
  }
}
