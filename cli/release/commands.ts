/** What the chart's hooks run; apart from run.ts, which needs a Kubernetes client. Not for people, so not in the help. */
export const RELEASE_COMMANDS = ['create-postgres', 'cleanup', 'verify'] as const;

export function isReleaseCommand(args: readonly string[]): boolean {
  return RELEASE_COMMANDS.some((command) => command === args[0]);
}
