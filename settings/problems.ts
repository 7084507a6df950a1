import { oneLine } from '../runtime/one-line.ts';
import { MASK } from './secret.ts';

/** One thing that is wrong with the configuration. */
export interface Problem {
  /** The variable with the place in it (`SITES[1].ip`), or the place in the file (`CONFIG_FILE: followers[0].name`). */
  readonly key: string;
  /** What was found there, shortened, secrets masked; {@link NOT_SET} when nothing was. */
  readonly got: string;
  /** What is wrong and what would be right; it reads on from the key. */
  readonly problem: string;
}

const NOT_SET = 'not set';

/** A problem before its value is made fit to be shown. */
export interface Finding {
  readonly key: string;
  readonly got: unknown;
  readonly problem: string;
}

const LONGEST = 80;
/** Masking less would garble the messages, and is no secret anyway. */
const SHORTEST_SECRET = 8;

/** A problem for the reader, with every occurrence of `secrets` masked, whichever variable they were put in. */
export function toProblem({ key, got, problem }: Finding, secrets: readonly string[]): Problem {
  const mask = (text: string) =>
    secrets
      .filter((secret) => secret.length >= SHORTEST_SECRET)
      .reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
  return { key: oneLine(mask(key)), got: showValue(got, mask), problem: oneLine(mask(problem)) };
}

/** Masked before it is shortened: half a secret is still one. */
function showValue(value: unknown, mask: (text: string) => string): string {
  if (value === undefined || value === null) return NOT_SET;
  const whole = typeof value === 'string' ? value : (JSON.stringify(value) ?? typeof value);
  const text = oneLine(withoutCredentials(mask(whole)));
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (${text.length} characters)`;
}

/** A URL where none of that is allowed may have a password before its host, or a token in its query. */
function withoutCredentials(text: string): string {
  return text.replaceAll(/:\/\/[^\s"]+/g, (address) => {
    const [place = '', ...rest] = address.split(/(?=[?#])/);
    const masked = rest.map((part) => part.charAt(0) + MASK);
    return [place.replace(/^:\/\/[^/]*@/, `://${MASK}@`), ...masked].join('');
  });
}

/** The message for the person who started the program: every problem, one a line. */
export function formatProblems(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  const lines = problems.map(
    ({ key, got, problem }) => `  ${key} ${problem} (${got === NOT_SET ? got : `got: ${got}`})`,
  );
  return [`The configuration has ${count}:`, ...lines].join('\n');
}

/** `['sites', 0, 'ip']` → `sites[0].ip`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`,
    )
    .join('');
}

export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, step) =>
      typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[step] : undefined,
    value,
  );
}
