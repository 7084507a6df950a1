/** Where each part of a tree of raw values came from, so that a problem is told by the name that its reader knows. */
import { type Finding, formatPath, valueAt } from './problems.ts';
import type { Setting } from './schema.ts';
import { MASK } from './secret.ts';
import { parseText } from './variables.ts';

export type Path = readonly PropertyKey[];

export interface Origin {
  readonly at: Path;
  /** The variable, or the place in the file. */
  readonly key: string;
  /** Absent for what has settings below it. */
  readonly setting?: Setting;
  /** Its problem was told already, so that the schema's say nothing more. */
  readonly isRefused?: boolean;
}

/** An issue of zod, as far as it matters here. */
interface Issue {
  readonly code: string;
  readonly path: Path;
  readonly message: string;
}

const ROOT: Origin = { at: [], key: 'CONFIG_FILE' };

export class Origins {
  readonly #known = new Map<string, Origin>();

  add(origin: Origin): void {
    this.#known.set(formatPath(origin.at), origin);
  }

  /** Of the setting that `path` is in or below, or else of the part that has it. */
  of(path: Path): Origin {
    let found = ROOT;
    for (let length = 1; length <= path.length; length += 1) {
      const next = this.#known.get(formatPath(path.slice(0, length)));
      if (next === undefined) break;
      found = next;
    }
    return found;
  }

  keyOf(path: Path): string {
    const { at, key } = this.of(path);
    const rest = formatPath(path.slice(at.length));
    return rest === '' || rest.startsWith('[') ? `${key}${rest}` : `${key}.${rest}`;
  }

  get refused(): readonly Path[] {
    return [...this.#known.values()].filter(({ isRefused }) => isRefused === true).map(({ at }) => at);
  }

  /** What the issues of a schema are to their reader; `raw` is what it was given. */
  *findings(issues: readonly Issue[], raw: unknown): Generator<Finding> {
    const mistyped = new Set<string>();
    for (const { code, path, message } of issues) {
      const place = formatPath(path);
      // What is of a wrong type breaks further rules, which say nothing more.
      if (this.of(path).isRefused === true || mistyped.has(place)) continue;
      if (code === 'invalid_type') mistyped.add(place);
      yield this.finding(path, valueAt(raw, path), message);
    }
  }

  finding(path: Path, got: unknown, problem: string): Finding {
    const { setting } = this.of(path);
    return { key: this.keyOf(path), got: setting === undefined ? got : shown(setting, got), problem };
  }
}

function shown({ secret, form }: Setting, value: unknown): unknown {
  if (secret && value !== undefined && value !== null) return MASK;
  const isQuoted = typeof value === 'string' && (form === 'number' || form === 'boolean');
  // A text that would be right without its quotes.
  if (!isQuoted) return value;
  const parsed = parseText(value, form);
  return parsed.ok && parsed.value !== value ? JSON.stringify(value) : value;
}
