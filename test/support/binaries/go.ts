import { constants } from 'node:fs';
import { access, copyFile, mkdir, rename } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { run } from './command.ts';
import type { Build } from './recipe.ts';

/** The directories where the Go installers put it, for a PATH that does not name them. */
const USUAL_PLACES = ['/usr/local/go/bin', '/usr/lib/go/bin', '/opt/homebrew/bin'];

/** The path of the go command, or undefined. */
export async function findGo(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of [...(env.PATH ?? '').split(delimiter), ...USUAL_PLACES]) {
    const file = join(folder, 'go');
    if (folder !== '' && (await isExecutable(file))) return file;
  }
  return undefined;
}

export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false; // Missing, or not for us: both mean that it cannot be used.
  }
}

/** Makes `path` from Go modules, whose content go.sum pins. */
export async function makeWithGo(go: string, build: Build, path: string, abort: AbortSignal): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.unfinished`; // Only the holder of the cache's lock comes here.
  if (build.kind === 'go-build') {
    const flags = ['-mod=readonly', '-trimpath', '-ldflags', `-s -w ${build.ldflags}`];
    const env = { ...process.env, CGO_ENABLED: '0' };
    await run(go, ['build', ...flags, '-o', unfinished, build.package], { cwd: build.folder, env, abort });
  } else {
    const args = ['mod', 'download', '-json', build.module];
    const answer: unknown = JSON.parse(await run(go, args, { cwd: build.folder, abort }));
    if (
      typeof answer !== 'object' ||
      answer === null ||
      !('Dir' in answer) ||
      typeof answer.Dir !== 'string'
    ) {
      throw new Error(`go mod download names no folder for ${build.module}`);
    }
    await copyFile(join(answer.Dir, build.file), unfinished);
  }
  await rename(unfinished, path);
}
