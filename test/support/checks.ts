import assert from 'node:assert/strict';
import type { Finding } from '../../cli/checks/check.ts';
import type { Checked, CheckView } from '../../cli/checks/run.ts';
import { runCli } from './cli.ts';
import { until } from './until.ts';

const WAIT = { timeoutMs: 60_000 };

export type Looked = CheckView & { readonly code: number };

/** `kubectl site-follower check` of the controller in `namespace`; what it looks at follows with a delay. */
export class Checks {
  readonly #namespace: string;
  readonly #kubeconfig: string;

  constructor(namespace: string, kubeconfig: string) {
    this.#namespace = namespace;
    this.#kubeconfig = kubeconfig;
  }

  async look(): Promise<Looked> {
    const { code, out, err } = await runCli(['check', '-n', this.#namespace, '-o', 'json'], {
      KUBECONFIG: this.#kubeconfig,
    });
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
