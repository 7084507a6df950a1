import { KubeError } from '../../kubernetes/errors.ts';
import { explain } from '../../runtime/explain.ts';
import type { Check, Finding } from './check.ts';
import type { World } from './world.ts';

/** What `check -o json` prints. */
export interface CheckView {
  /** Of the controller. */
  readonly namespace: string;
  readonly problems: number;
  readonly warnings: number;
  /** Checks that are unknown as the cluster did not answer, or takes the credentials for none. */
  readonly unanswered: number;
  readonly checks: readonly Checked[];
}

export interface Checked {
  readonly name: string;
  /** What holds when the outcome is ok. */
  readonly title: string;
  /** unknown: it could not be checked; skipped: there was nothing to check. `note` says why. */
  readonly outcome: 'ok' | 'warning' | 'problem' | 'unknown' | 'skipped';
  readonly note: string;
  readonly findings: readonly Finding[];
}

export async function runChecks<W extends World>(checks: readonly Check<W>[], world: W): Promise<CheckView> {
  const done = await Promise.all(checks.map((check) => runOne(check, world)));
  world.abort.throwIfAborted();
  const findings = done.flatMap(({ checked }) => checked.findings);
  return {
    namespace: world.namespace,
    problems: findings.filter(({ severity }) => severity === 'problem').length,
    warnings: findings.filter(({ severity }) => severity === 'warning').length,
    unanswered: done.filter(({ error }) => isUnanswered(error)).length,
    checks: done.map(({ checked }) => checked),
  };
}

/** What every other call would end with as well, unlike a missing permission. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof KubeError && (error.status === 0 || error.status === 401);
}

interface Done {
  readonly checked: Checked;
  /** Why it is unknown. */
  readonly error?: unknown;
}

async function runOne<W extends World>({ name, title, find }: Check<W>, world: W): Promise<Done> {
  try {
    const { findings, note = '', skipped } = await find(world);
    const of = { name, title, findings };
    if (skipped !== undefined) return { checked: { ...of, outcome: 'skipped', note: skipped } };
    return { checked: { ...of, outcome: outcomeOf(findings), note } };
  } catch (error) {
    return { checked: { name, title, outcome: 'unknown', note: explain(error), findings: [] }, error };
  }
}

function outcomeOf(findings: readonly Finding[]): Checked['outcome'] {
  if (findings.some(({ severity }) => severity === 'problem')) return 'problem';
  return findings.length > 0 ? 'warning' : 'ok';
}
