import assert from 'node:assert/strict';
import type { Finding } from '../../cli/checks/check.ts';
import type { Checked, CheckView } from '../../cli/checks/run.ts';
import { type Ran, runCli as runHere } from '../../cli/testing/terminal.ts';
import { runCli } from './cli.ts';
import type { Environment } from './controller-process.ts';
import { stayOnLoopback } from './loopback-dns.ts';
import { until } from './until.ts';

const WAIT = { timeoutMs: 60_000 };

export type Looked = CheckView & { readonly code: number };

/**
 * `kubectl site-follower check` of the controller in `namespace`. What it looks at follows with a delay, so it is asked
 * again and again: within this process, as a new one takes far longer each time.
 */
export class Checks {
  readonly #run: (args: readonly string[]) => Promise<Ran>;
  readonly #namespace: string;

  /** `dns` says which name server it asks, then in a process of its own; by default nobody. */
  constructor(namespace: string, kubeconfig: string, dns?: Environment) {
    this.#namespace = namespace;
    const env = { KUBECONFIG: kubeconfig };
    this.#run = async (args) => {
      if (dns !== undefined) return runCli(args, { ...env, ...dns });
      await stayOnLoopback();
      return runHere(args, { env });
    };
  }

  async look(): Promise<Looked> {
    const { code, out, err } = await this.#run(['check', '-n', this.#namespace, '-o', 'json']);
    assert.equal(err, '');
    return { code, ...(JSON.parse(out) as CheckView) };
  }

  /** Resolves when the check says so. */
  finds(name: string, severity: Finding['severity'], about: RegExp, text: RegExp): Promise<Finding> {
    return until(
      `${name} finds ${about} ${text}`,
      async () => {
        const { findings } = await this.#checked(name);
        const found = findings.find((finding) => about.test(finding.about) && text.test(finding.text));
        if (found === undefined) throw new Error(`it finds ${JSON.stringify(findings)}`);
        assert.equal(found.severity, severity);
        assert.notEqual(found.action, '');
        return found;
      },
      WAIT,
    );
  }

  /** Resolves when the check has looked, and finds nothing. */
  async mended(name: string): Promise<void> {
    await until(
      `${name} finds nothing any more`,
      async () => {
        const { outcome, findings, note } = await this.#checked(name);
        if (outcome !== 'ok') throw new Error(`it is ${outcome}: ${note} ${JSON.stringify(findings)}`);
        return true;
      },
      WAIT,
    );
  }

  async #checked(name: string): Promise<Checked> {
    const found = (await this.look()).checks.find((one) => one.name === name);
    assert.ok(found, `there is a check ${name}`);
    return found;
  }
}

/** The names of those with one of these outcomes. */
export function ofOutcome(
  { checks }: CheckView,
  ...outcomes: readonly Checked['outcome'][]
): readonly string[] {
  return checks.filter(({ outcome }) => outcomes.includes(outcome)).map(({ name }) => name);
}
