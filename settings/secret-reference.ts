/** Values that the configuration only names: `{"env": "VARIABLE"}` or `{"file": "/path"}`. */
import * as z from 'zod';
import { explain } from '../runtime/explain.ts';
import { FileSecret, Secret } from './secret.ts';

/** Where they come from. */
export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  /** Gets the names of variables that were read. */
  readonly referenced: Set<string>;
}

export const REFERENCE = 'must be {"env": "VARIABLE"} or {"file": "/path"}';
export const reference = z.union(
  [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
  REFERENCE,
);
export type Reference = z.infer<typeof reference>;

/** Undefined when there is no such value; then `report` was told why, without any value. */
export function resolve(
  where: Reference,
  { env, readFile, referenced }: SecretSources,
  report: (problem: string) => void,
): Secret | undefined {
  if ('env' in where) {
    referenced.add(where.env);
    const value = env[where.env]?.trim();
    if (value) return new Secret(value);
    report(`refers to the variable ${where.env}, which is not set`);
    return undefined;
  }
  try {
    const secret = new FileSecret(() => readFile(where.file));
    if (secret.reveal() !== '') return secret;
    report(`refers to the file ${where.file}, which is empty`);
  } catch (error) {
    report(`refers to the file ${where.file}, which cannot be read: ${explain(error)}`);
  }
  return undefined;
}
