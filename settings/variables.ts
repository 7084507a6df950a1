/** Values from environment variables. */
import { explain } from '../runtime/explain.ts';
import type { Result } from '../runtime/result.ts';
import type { Form, Setting } from './schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** `API_KEY_FILE` names a file with what `API_KEY` would be. */
const FILE_VARIABLE = '_FILE';

/** The value of a variable; undefined when unset or blank. A trailing newline of a mounted Secret is no part of it. */
export function variable(env: Environment, name: string): string | undefined {
  const value = name === '' ? undefined : env[name]?.trim();
  return value === '' ? undefined : value;
}

/** The names of the variables that can give a setting. */
export function variablesOf(setting: Setting): readonly string[] {
  const { variable: name } = setting;
  if (name === '') return [];
  return isReferable(setting) ? [name, `${name}${FILE_VARIABLE}`] : [name];
}

/** A secret that is one text may stand elsewhere, and only be named. */
export function isReferable({ secret, form }: Setting): boolean {
  return secret && form === 'text';
}

/** Not ok when the text is not of this form at all. What is merely wrong is left to the schema. */
export function parseText(text: string, form: Form): Result<unknown> {
  return form === 'json' ? parseJson(text) : { ok: true, value: parsed(text, form) };
}

function parsed(text: string, form: Exclude<Form, 'json'>): unknown {
  switch (form) {
    case 'text':
      return text;
    case 'number':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
    case 'boolean':
      return /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : text;
    case 'list':
      return text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
  }
}

function parseJson(text: string): Result<unknown> {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    // The engine's message goes on with the text, which is shown anyway.
    const [what] = explain(error).split(/,? (?:"|\.\.\.|in JSON|at position)/, 1);
    const position = /at position (\d+)/.exec(explain(error))?.[1];
    const place = position === undefined ? '' : ` at character ${Number(position) + 1}`;
    return { ok: false, problem: `is not JSON: ${what}${place}` };
  }
}
