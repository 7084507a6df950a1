import type { Loaded } from '../runtime/result.ts';
import { misspeltProblems } from '../runtime/suggest.ts';
import { type Environment, variable } from '../settings/variables.ts';

/** Reads environment variables, and collects everything that is wrong with them. */
export class EnvironmentReader {
  readonly problems: string[] = [];
  readonly #env: Environment;
  readonly #known = new Set<string>();

  constructor(env: Environment) {
    this.#env = env;
  }

  /** Undefined where it is not set, or blank. */
  text(name: string): string | undefined {
    this.#known.add(name);
    return variable(this.#env, name);
  }

  list(name: string): string[] {
    return (this.text(name) ?? '').split(',').flatMap((item) => item.trim() || []);
  }

  /** `wanted` continues “NAME must be”. */
  checked(name: string, isRight: (text: string) => boolean, wanted: string): string | undefined;
  checked(name: string, isRight: (text: string) => boolean, wanted: string, fallback: string): string;
  checked(
    name: string,
    isRight: (text: string) => boolean,
    wanted: string,
    fallback?: string,
  ): string | undefined {
    const text = this.text(name) ?? fallback;
    if (text !== undefined && !isRight(text)) this.problems.push(`${name} must be ${wanted} (got: ${text})`);
    return text;
  }

  oneOf(name: string, allowed: readonly string[]): string | undefined {
    return this.checked(name, (text) => allowed.includes(text), `one of ${allowed.join(', ')}`);
  }

  number(name: string, fallback: number, lowest: number, highest: number): number {
    const isRight = (text: string) => Number(text) >= lowest && Number(text) <= highest;
    const text = this.checked(name, isRight, `a number from ${lowest} to ${highest}`, String(fallback));
    return isRight(text) ? Number(text) : fallback;
  }

  /** A name similar to one that was read is a problem, too. */
  loaded<T>(value: T): Loaded<T> {
    const problems = [...this.problems, ...misspeltProblems(this.#env, [...this.#known])];
    return problems.length === 0 ? { ok: true, value } : { ok: false, problems };
  }
}
