import type { SeededRandom } from '../random.ts';

/** Texts that may stand without quotes, though some reader takes one or the other for a number, a date or a word. */
export const BARE = [
  '.',
  '+.',
  '0x_',
  '1e400',
  '12:30',
  '2026-01-01',
  '1.2.3',
  'a#b',
  'x:y',
  '-x',
  '_1',
  '=',
  'oN',
  './run',
] as const;

const WORDS =
  'the quick primary moves over to another site while its standby waits for a word of the lease and goes on'.split(
    ' ',
  );

export function words(random: SeededRandom, least: number, most: number): string {
  return Array.from({ length: random.integer(least, most) }, () => random.pick(WORDS)).join(' ');
}

/** Texts that need quotes, or a block of their own. */
export function oddText(random: SeededRandom): string {
  return random.pick([
    () => '\u0085',
    () => 'yes',
    () => '0o400',
    () => '1e3',
    () => '',
    () => ' leads with a space',
    () => 'tab\there and \u2028 there',
    () => 'Zürich 東京 😀',
    () => 'it\'s "quoted" \\ here',
    () => '# no comment',
    () => 'key: value',
    () => '- item',
    () => '{{ not a template }}',
    () => '%percent @at `tick`',
    () => `${words(random, 3, 9)}\n`,
    () => `#!/bin/sh\nset -eu\n  indented: yes # said\n\necho "${words(random, 1, 4)}"\n`,
    () => `first\n---\nno marker: here\n`,
    () => `${words(random, 2, 5)}\n\n\n`,
    () => `  two spaces first\nthen none`,
    () => words(random, 15, 60),
  ])();
}
