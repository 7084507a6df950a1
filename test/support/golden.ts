import { readdirSync, readFileSync } from 'node:fs';

/** Manifests in and manifests out: the corpus that offline injection and the webhook are both held to. */
export interface GoldenCase {
  readonly name: string;
  readonly input: string;
  /** The manifests after injection; undefined when they are refused. */
  readonly expected: string | undefined;
  /** What the person is told, one line for each thing. */
  readonly messages: string;
}

const GOLDEN_FOLDER = new URL('../golden/inject/', import.meta.url);
/** The environment in which the expected manifests were made. */
export const GOLDEN_ENV = { SIDECAR_IMAGE: 'example/site-follower:1' };

const ENDINGS = { expected: '.expected.yaml', messages: '.messages.txt', input: '.yaml' } as const;

/** The file of a case. */
export function goldenFile(name: string, part: keyof typeof ENDINGS): URL {
  return new URL(name + ENDINGS[part], GOLDEN_FOLDER);
}

export function goldenCases(): GoldenCase[] {
  return goldenNames('input').map((name) => ({
    name,
    input: readFileSync(goldenFile(name, 'input'), 'utf8'),
    expected: goldenNames('expected').includes(name)
      ? readFileSync(goldenFile(name, 'expected'), 'utf8')
      : undefined,
    messages: readFileSync(goldenFile(name, 'messages'), 'utf8'),
  }));
}

/** The cases that have such a file. */
export function goldenNames(part: keyof typeof ENDINGS): string[] {
  const parts = Object.keys(ENDINGS) as (keyof typeof ENDINGS)[];
  return readdirSync(GOLDEN_FOLDER).flatMap((file) => {
    // The endings are in an order in which the first that fits is the right one.
    const own = parts.find((candidate) => file.endsWith(ENDINGS[candidate]));
    return own === part ? [file.slice(0, -ENDINGS[part].length)] : [];
  });
}
