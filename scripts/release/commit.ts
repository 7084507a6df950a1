import { runTool } from './tools.ts';

export interface Commit {
  readonly revision: string;
  /** In seconds. */
  readonly time: number;
}

/** What is released. With `push` all files have to be those of the commit that the release names. */
export async function commitOf(folder: string, push: boolean): Promise<Commit> {
  const git = (...args: readonly string[]) => runTool('git', ['-C', folder, ...args]);
  const other = push
    ? [
        await git('diff', '--name-only', 'HEAD'),
        // All of the chart's folder goes into the chart; elsewhere a file that nobody names is in nothing.
        await git('ls-files', '--others', '--exclude-standard', 'charts'),
      ].filter((names) => names !== '')
    : [];
  if (other.length > 0)
    throw new Error(
      `${other.join('\n').replaceAll('\n', ', ')}: not as in the commit that the release would name: commit or remove it, or set PUSH=0 for a try`,
    );
  return {
    revision: await git('rev-parse', 'HEAD'),
    time: Number(await git('show', '--no-patch', '--format=%ct', 'HEAD')),
  };
}
