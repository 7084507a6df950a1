import { exceeds, LONGEST_QUANTITY, QUANTITY, readQuantity } from './quantity.ts';

/** A rule for the text of an annotation; the first one that it breaks is reported. */
interface Rule {
  readonly holds: (text: string) => boolean;
  /** The same in CEL; `text` is an expression. */
  readonly cel: (text: string) => string;
  /** Continues the value. */
  readonly wanted: string;
}

/** How the text of an annotation is read, here and in CEL for policies. */
export interface Format<T> {
  readonly rules: readonly Rule[];
  /** Of a text that breaks no rule. */
  readonly read: (text: string) => T | undefined;
  readonly cel: (text: string) => string;
}

export const HIGHEST_PORT = 65_535;

/** The patterns used here have the same meaning in RE2, which CEL uses. */
const matches = (text: string, pattern: RegExp) => `${text}.matches(r'${pattern.source}')`;
const isBetween = (value: string, lowest: number, highest: number) =>
  `${value} >= ${lowest} && ${value} <= ${highest}`;

// The controller allows the same names for its followers.
const FOLLOWER = /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/;

export const followerName: Format<string> = {
  rules: [
    {
      holds: (text) => FOLLOWER.test(text),
      cel: (text) => matches(text, FOLLOWER),
      wanted: 'must be 1 to 32 lower-case letters, digits and "-", with a letter or digit at both ends',
    },
  ],
  read: (text) => text,
  cel: (text) => text,
};

const HOOK = /^:?(\d{1,5})(\/[!-~]*)$/;
const hookPort = (text: string) => `int(${text}.split('/')[0].replace(':', ''))`;

export const hook: Format<string> = {
  rules: [
    {
      holds(text) {
        const port = Number(HOOK.exec(text)?.[1]);
        return port >= 1 && port <= HIGHEST_PORT;
      },
      cel: (text) => `${matches(text, HOOK)} && ${isBetween(hookPort(text), 1, HIGHEST_PORT)}`,
      wanted: 'must be a port and a path in the pod, such as "8080/drain"',
    },
  ],
  read(text) {
    const [, port = '', path = ''] = HOOK.exec(text) ?? [];
    return `${Number(port)}${path}`;
  },
  cel: (text) => `string(${hookPort(text)}) + ${text}.substring(${text}.indexOf('/'))`,
};

export function oneOf<T extends string>(allowed: readonly T[]): Format<T> {
  return {
    rules: [
      {
        holds: (text) => allowed.some((name) => name === text),
        cel: (text) => `${text} in [${allowed.map((name) => `'${name}'`).join(', ')}]`,
        wanted: `must be ${allowed.map((name) => `"${name}"`).join(' or ')}`,
      },
    ],
    read: (text) => allowed.find((name) => name === text),
    cel: (text) => text,
  };
}

const DIGITS = /^\d{1,9}$/;

export function whole(lowest: number, highest: number, unit?: string): Format<number> {
  const what = unit === undefined ? 'a whole number' : `a whole number of ${unit}`;
  return {
    rules: [
      {
        holds: (text) => DIGITS.test(text) && Number(text) >= lowest && Number(text) <= highest,
        cel: (text) => `${matches(text, DIGITS)} && ${isBetween(`int(${text})`, lowest, highest)}`,
        wanted: `must be ${what} from ${lowest} to ${highest}`,
      },
    ],
    read: Number,
    cel: (text) => `int(${text})`,
  };
}

export function atLeast(lowest: string): Format<string> {
  return {
    rules: [
      {
        holds: (text) => readQuantity(text) !== undefined,
        cel: (text) =>
          `${text}.size() <= ${LONGEST_QUANTITY} && ${matches(text, QUANTITY)} && isQuantity(${text})`,
        wanted: 'must be a Kubernetes quantity such as 50m or 64Mi',
      },
      {
        holds: (text) => !exceeds(lowest, text),
        cel: (text) => `quantity(${text}).compareTo(quantity('${lowest}')) >= 0`,
        wanted: `must be at least ${lowest}`,
      },
    ],
    read: (text) => text,
    cel: (text) => text,
  };
}
