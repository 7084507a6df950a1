import type { KubeObject } from '../../kubernetes/api.ts';
import type { World } from './world.ts';

/** Something that is not as it should be. */
export interface Finding {
  /** problem: something does not work, or soon will not. warning: worth knowing. */
  readonly severity: 'problem' | 'warning';
  /** The object: `Deployment shop/web`. */
  readonly about: string;
  /** What is wrong and what it means; one sentence without a full stop. */
  readonly text: string;
  /** What to do about it. */
  readonly action: string;
}

export interface Result {
  readonly findings: readonly Finding[];
  /** A figure worth knowing even when nothing was found, such as the days that are left. */
  readonly note?: string;
  /** Why there was nothing to check. */
  readonly skipped?: string;
}

/** One row of the registry. */
export interface Check<W extends World = World> {
  readonly name: string;
  /** What holds when nothing is found. */
  readonly title: string;
  /** Throws KubeError where the API server does not answer or does not permit it. */
  readonly find: (world: W) => Promise<Result>;
}

export function problem(about: string, text: string, action: string): Finding {
  return { severity: 'problem', about, text, action };
}

export function warning(about: string, text: string, action: string): Finding {
  return { severity: 'warning', about, text, action };
}

export function skip(why: string): Result {
  return { findings: [], skipped: why };
}

/** `Deployment shop/web`, or without a namespace `Node a`. */
export function titleOf(kind: string | undefined, { metadata: { namespace, name } }: KubeObject): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
