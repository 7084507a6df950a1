import { explain } from '../../runtime/explain.ts';
import type { Check, Finding } from './check.ts';
import type { World } from './world.ts';

/** What `check -o json` prints. */
export interface CheckView {
  /** Of the controller. */
  readonly namespace: string;
  readonly problems: number;
  readonly warnings: number;
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

export async function runChecks(checks: readonly Check[], world: World): Promise<CheckView> {
  const done = await Promise.all(checks.map((check) => runOne(check, world)));
  world.abort.throwIfAborted();
  const findings = done.flatMap((checked) => checked.findings);
  return {
    namespace: world.namespace,
    problems: findings.filter(({ severity }) => severity === 'problem').length,
    warnings: findings.filter(({ severity }) => severity === 'warning').length,
    checks: done,
  };
}

async function runOne({ name, title, find }: Check, world: World): Promise<Checked> {
  try {
    const { findings, note = '', skipped } = await find(world);
    if (skipped !== undefined) return { name, title, outcome: 'skipped', note: skipped, findings };
    return { name, title, outcome: outcomeOf(findings), note, findings };
  } catch (error) {
    return { name, title, outcome: 'unknown', note: explain(error), findings: [] };
  }
}

function outcomeOf(findings: readonly Finding[]): Checked['outcome'] {
  if (findings.some(({ severity }) => severity === 'problem')) return 'problem';
  return findings.length > 0 ? 'warning' : 'ok';
}
