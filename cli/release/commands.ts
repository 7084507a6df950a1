/** For the chart’s hooks, and so not in the help. Apart from run.ts, which loads a Kubernetes client. */
export const RELEASE_COMMANDS = ['create-postgres', 'cleanup', 'verify'] as const;

export function isReleaseCommand(args: readonly string[]): boolean {
  return RELEASE_COMMANDS.some((command) => command === args[0]);
}
