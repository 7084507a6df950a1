import type { ClusterOptions, FollowerOptions, OutputOptions } from '../cluster/options.ts';

export interface SwitchoverOptions extends ClusterOptions, FollowerOptions, OutputOptions {
  readonly to: string;
  readonly toContext?: string;
  readonly print?: true;
  readonly dryRun?: true;
  readonly yes?: true;
}
