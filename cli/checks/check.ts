import type { World } from './world.ts';

/** One thing that is not as it should be. */
export interface Finding {
  /** problem: something does not work, or will soon not. warning: somebody should know. */
  readonly severity: 'problem' | 'warning';
  /** The object: `Deployment shop/web`. */
  readonly about: string;
  /** What is wrong and what it means; one sentence without a full stop. */
  readonly text: string;
  /** What to do about it. */
  readonly action: string;
}

export interface Result {
  readonly findings: readonly Finding[];
  /** A figure worth knowing when all is well, such as the days that are left. */
  readonly note?: string;
  /** Why there was nothing to look at, so that nothing holds either. */
  readonly skipped?: string;
}

/** One row of the registry. */
export interface Check {
  readonly name: string;
  /** What holds when nothing is found. */
  readonly title: string;
  /** Throws KubeError where the API server does not answer or permit. */
  readonly find: (world: World) => Promise<Result>;
}

export function problem(about: string, text: string, action: string): Finding {
  return { severity: 'problem', about, text, action };
}

export function warning(about: string, text: string, action: string): Finding {
  return { severity: 'warning', about, text, action };
}
