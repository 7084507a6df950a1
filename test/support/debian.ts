import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './binaries/command.ts';
import { isExecutable } from './binaries/go.ts';
import { sayOnStderr, withProgress } from './binaries/progress.ts';
import { cacheDirectory } from './binaries/recipe.ts';
import { exclusively } from './file-lock.ts';

const INSTALL_LIMIT_MS = 10 * 60_000;
const APT = '/usr/bin/apt-get';

export interface Program {
  readonly name: string;
  /** The variable that may name its path. */
  readonly variable: string;
  /** Where it is usually; the first is where Debian's package puts it. */
  readonly places: readonly string[];
  readonly packages: readonly string[];
}

/** The path of a program: what the variable says, one that is installed, or Debian's, which is then installed. */
export async function debianProgram({ name, variable, places, packages }: Program): Promise<string> {
  const named = process.env[variable];
  const candidates = named === undefined ? places : [named];
  const find = async () => {
    for (const place of candidates) if (await isExecutable(place)) return place;
    return undefined;
  };
  const found = await find();
  if (found !== undefined) return found;
  if (named !== undefined || !(await canInstall())) {
    const where = candidates.join(', ');
    throw new Error(
      `${name} is needed, and none is at ${where}. Install it, or set ${variable} to its path.`,
    );
  }
  await installPackages(name, packages, async () => (await find()) !== undefined);
  return (
    (await find()) ?? Promise.reject(new Error(`apt-get installed ${packages.join(' ')}, but no ${name}`))
  );
}

/** Whether this process may install packages of Debian. */
export async function canInstall(): Promise<boolean> {
  return process.getuid?.() === 0 && (await isExecutable(APT));
}

/** One process at a time; `isThere` tells whether another one has done it meanwhile. */
export async function installPackages(
  name: string,
  packages: readonly string[],
  isThere: () => Promise<boolean>,
): Promise<void> {
  const abort = AbortSignal.timeout(INSTALL_LIMIT_MS);
  const cache = cacheDirectory(process.env);
  mkdirSync(cache, { recursive: true });
  const install = async () => {
    if (await isThere()) return;
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await withProgress(sayOnStderr, `Installing ${name} from Debian`, 'about a minute', async () => {
      await run(APT, ['update', '-qq'], { abort, env });
      await run(APT, ['install', '-y', '-qq', '--no-install-recommends', ...packages], { abort, env });
    });
  };
  const onWait = () => sayOnStderr(`Another process is installing; waiting for it`);
  await exclusively(join(cache, 'apt-lock'), install, onWait, abort);
}
